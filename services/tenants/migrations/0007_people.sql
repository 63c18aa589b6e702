-- People: the identity providers they sign in at, who holds which office in which role, and who is invited to one. Of a
-- borough, or of a region, a partner or the platform, as API clients are.

-- Where people sign in, as an OpenID provider calls itself, and who we are to it: the audience of its ID tokens.
create table tenants.issuer (
  issuer_id uuid primary key,
  owner_kind text not null check (owner_kind in ('borough', 'region', 'partner', 'platform')),
  borough_id uuid references tenants.borough,
  region text references tenants.region,
  ods text check (ods ~ '^[A-Z0-9]{3,6}$'),
  name text not null check (length(name) between 1 and 200),
  issuer text not null check (length(issuer) between 1 and 500),
  audience text not null check (length(audience) between 1 and 255),
  jwks_uri text not null check (length(jwks_uri) between 1 and 2000),
  mappings jsonb not null check (jsonb_typeof(mappings) = 'array'),
  state text not null check (state in ('active', 'suspended', 'removed')),
  discovered_at timestamptz not null,
  created_at timestamptz not null,
  version bigint not null default 1,
  constraint issuer_borough_issuer unique (borough_id, issuer_id),
  check ((owner_kind = 'borough') = (borough_id is not null)),
  check ((owner_kind = 'region') = (region is not null)),
  check ((owner_kind = 'partner') = (ods is not null))
);
-- An ID token speaks for whoever registered the pair that it carries: one owner, across all of them.
create unique index issuer_speaks_once on tenants.issuer (issuer, audience) where state <> 'removed';
create index on tenants.issuer (region);

create table tenants.issuer_move (
  issuer_id uuid not null,
  number bigint not null,
  borough_id uuid references tenants.borough,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  moved_by text not null check (length(moved_by) between 1 and 120),
  moved_at timestamptz not null,
  primary key (issuer_id, number),
  foreign key (borough_id, issuer_id) references tenants.issuer (borough_id, issuer_id)
);
create index on tenants.issuer_move (borough_id, issuer_id);

-- Who holds an office: never a name. Of the person at the provider only a hash is kept.
create table tenants.member (
  member_id text primary key check (length(member_id) between 1 and 120),
  owner_kind text not null check (owner_kind in ('borough', 'region', 'partner', 'platform')),
  borough_id uuid references tenants.borough,
  region text references tenants.region,
  ods text check (ods ~ '^[A-Z0-9]{3,6}$'),
  office text not null check (length(office) between 1 and 200),
  role text not null check (length(role) between 1 and 30),
  -- Whether an administrator gave the role, or the provider says it at each sign-in.
  role_from text not null check (role_from in ('given', 'claim')),
  state text not null check (state in ('active', 'suspended', 'removed')),
  issuer_id uuid not null,
  subject_hash bytea not null check (length(subject_hash) = 32),
  joined_at timestamptz not null,
  last_signed_in_on date,
  version bigint not null default 1,
  constraint member_borough_member unique (borough_id, member_id),
  foreign key (borough_id, issuer_id) references tenants.issuer (borough_id, issuer_id),
  check ((owner_kind = 'borough') = (borough_id is not null)),
  check ((owner_kind = 'region') = (region is not null)),
  check ((owner_kind = 'partner') = (ods is not null))
);
create unique index member_is_one_person on tenants.member (issuer_id, subject_hash) where state <> 'removed';
create index on tenants.member (borough_id, issuer_id);
create index on tenants.member (issuer_id);
create index on tenants.member (region);

create table tenants.member_move (
  member_id text not null,
  number bigint not null,
  borough_id uuid references tenants.borough,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  moved_by text not null check (length(moved_by) between 1 and 120),
  moved_at timestamptz not null,
  primary key (member_id, number),
  foreign key (borough_id, member_id) references tenants.member (borough_id, member_id)
);
create index on tenants.member_move (borough_id, member_id);

-- Who is to hold an office. The code is shown once and kept as a hash.
create table tenants.invitation (
  invitation_id uuid primary key,
  owner_kind text not null check (owner_kind in ('borough', 'region', 'partner', 'platform')),
  borough_id uuid references tenants.borough,
  region text references tenants.region,
  ods text check (ods ~ '^[A-Z0-9]{3,6}$'),
  office text not null check (length(office) between 1 and 200),
  role text not null check (length(role) between 1 and 30),
  code_hash bytea not null unique check (length(code_hash) = 32),
  hint text not null check (length(hint) between 1 and 64),
  invited_by text not null check (length(invited_by) between 1 and 120),
  invited_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by text,
  withdrawn_at timestamptz,
  withdrawn_by text check (length(withdrawn_by) between 1 and 120),
  reason text check (length(reason) between 1 and 500),
  version bigint not null default 1,
  constraint invitation_borough_invitation unique (borough_id, invitation_id),
  foreign key (borough_id, accepted_by) references tenants.member (borough_id, member_id),
  check ((owner_kind = 'borough') = (borough_id is not null)),
  check ((owner_kind = 'region') = (region is not null)),
  check ((owner_kind = 'partner') = (ods is not null)),
  check ((accepted_at is null) = (accepted_by is null)),
  check (accepted_at is null or withdrawn_at is null)
);
create index on tenants.invitation (region);
create index on tenants.invitation (borough_id, accepted_by);

-- ID tokens that were exchanged, as a hash, until they could not be exchanged anyway.
create table tenants.spent_id_token (
  digest bytea primary key check (length(digest) = 32),
  borough_id uuid references tenants.borough,
  expires_at timestamptz not null
);
create index on tenants.spent_id_token (expires_at);
create index on tenants.spent_id_token (borough_id);

do $$
declare t text;
begin
  foreach t in array array['issuer', 'issuer_move', 'member', 'member_move', 'invitation', 'spent_id_token'] loop
    execute format('alter table tenants.%I enable row level security', t);
    execute format('alter table tenants.%I force row level security', t);
    execute format('create policy borough on tenants.%I to tenants_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
    -- The platform keeps the people of offices, and sees none of a borough's.
    execute format('create policy platform on tenants.%I to tenants_platform
                    using (borough_id is null) with check (borough_id is null)', t);
    execute format('grant insert on tenants.%I to tenants_borough, tenants_platform', t);
  end loop;
  foreach t in array array['issuer', 'issuer_move', 'member', 'member_move', 'invitation'] loop
    execute format('grant select on tenants.%I to tenants_borough, tenants_platform', t);
  end loop;
end $$;

grant update (name, mappings, jwks_uri, discovered_at, state, version) on tenants.issuer
  to tenants_borough, tenants_platform;
grant update (office, role, role_from, state, last_signed_in_on, version) on tenants.member
  to tenants_borough, tenants_platform;
grant update (accepted_at, accepted_by, withdrawn_at, withdrawn_by, reason, version) on tenants.invitation
  to tenants_borough, tenants_platform;

-- Whose provider an ID token is of, before any owner is known; and where an app sends people to sign in.
create policy issuer on tenants.issuer for select to tenants_issuer using (true);
grant select (issuer_id, owner_kind, borough_id, region, ods, issuer, audience, jwks_uri, state) on tenants.issuer
  to tenants_issuer;
create policy work on tenants.spent_id_token to tenants_work using (true);
grant select (expires_at), delete on tenants.spent_id_token to tenants_work;
