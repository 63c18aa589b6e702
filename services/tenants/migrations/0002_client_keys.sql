-- The keys of API clients, several at a time; assertions that were used; and the keys the service itself signs with.

-- A secret that is told, or a pair whose public half is uploaded or published.
alter table tenants.client
  add column authentication text not null default 'secret' check (authentication in ('secret', 'private_key_jwt')),
  add column jwks_uri text check (length(jwks_uri) between 1 and 2000),
  -- The first instant at which it gets no more tokens.
  add column expires_at timestamptz,
  -- How many days before that its owner was last warned.
  add column warned_days smallint check (warned_days in (1, 7, 30)),
  -- Of what is made from now on the secrets are keys. The program of before reads these two until it is gone.
  alter column secret_hash drop not null,
  alter column secret_hint drop not null,
  add constraint client_borough_client unique (borough_id, client_id),
  add check (authentication = 'private_key_jwt' or jwks_uri is null);
drop index tenants.client_borough_id_client_id_idx;
create index client_expiring on tenants.client (expires_at) where expires_at is not null and revoked_at is null;

-- Every client of a borough made up to this instant is revoked: what the platform does about an incident, which sees
-- none of them.
alter table tenants.borough add column clients_cut_at timestamptz;

-- A key of a client. Its state is read off its times: before `starts_at` pending, then active; with a time in
-- `retires_at` retiring until then, retired from then; revoked once it has a time in `revoked_at`.
create table tenants.client_key (
  client_id text not null,
  key_id uuid not null,
  borough_id uuid references tenants.borough,
  kind text not null check (kind in ('secret', 'public_key')),
  hint text not null check (length(hint) between 1 and 64),
  secret_hash bytea check (length(secret_hash) = 32),
  kid text check (length(kid) between 1 and 128),
  jwk jsonb,
  created_at timestamptz not null,
  starts_at timestamptz not null,
  retires_at timestamptz,
  revoked_at timestamptz,
  last_used_on date,
  version bigint not null default 1,
  primary key (client_id, key_id),
  constraint client_key_once unique (client_id, hint),
  foreign key (borough_id, client_id) references tenants.client (borough_id, client_id),
  check ((kind = 'secret') = (secret_hash is not null)),
  check ((kind = 'public_key') = (jwk is not null)),
  check ((kind = 'public_key') = (kid is not null))
);
create index on tenants.client_key (borough_id, client_id);

create table tenants.client_key_move (
  client_id text not null,
  key_id uuid not null,
  number bigint not null,
  borough_id uuid references tenants.borough,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  moved_by text not null,
  moved_at timestamptz not null,
  primary key (client_id, key_id, number)
);
create index on tenants.client_key_move (borough_id);

-- The secrets there are become first keys. The owner is bound by row-level security too, so it is lifted meanwhile.
alter table tenants.client no force row level security;
insert into tenants.client_key (client_id, key_id, borough_id, kind, hint, secret_hash, created_at, starts_at)
  select client_id, gen_random_uuid(), borough_id, 'secret', secret_hint, secret_hash, created_at, created_at
  from tenants.client where secret_hash is not null;
alter table tenants.client force row level security;

-- Assertions that were taken, as a hash of client and id, until they could not be taken anyway.
create table tenants.used_assertion (
  digest bytea primary key check (length(digest) = 32),
  expires_at timestamptz not null
);
create index on tenants.used_assertion (expires_at);

-- The keys tokens are signed with. The private half is sealed with a key that is not in the database. Which of them
-- signs and which are published is read off the times, so that every replica agrees.
create table tenants.signing_key (
  number bigint generated always as identity primary key,
  kid text not null unique check (length(kid) = 43),
  sealed bytea not null,
  made_by text not null check (length(made_by) between 1 and 120),
  reason text not null check (length(reason) between 1 and 500),
  created_at timestamptz not null,
  signs_from timestamptz not null,
  retires_at timestamptz check (retires_at > signs_from)
);

do $$
declare t text;
begin
  foreach t in array array['client_key', 'client_key_move', 'used_assertion', 'signing_key'] loop
    execute format('alter table tenants.%I enable row level security', t);
    execute format('alter table tenants.%I force row level security', t);
  end loop;
  foreach t in array array['client_key', 'client_key_move'] loop
    execute format('create policy borough on tenants.%I to tenants_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select (authentication, jwks_uri, expires_at, warned_days, region, ods), update (name, expires_at, jwks_uri, warned_days)
  on tenants.client to tenants_borough;
grant select (client_id, key_id, borough_id, kind, hint, kid, jwk, created_at, starts_at, retires_at, revoked_at,
    last_used_on, version),
  insert, update (starts_at, retires_at, revoked_at, version) on tenants.client_key to tenants_borough;
grant select, insert on tenants.client_key_move to tenants_borough;
-- A key revoked after another is a second cut of the same client.
grant select (client_id, not_before, reason), update (not_before, reason) on platform.client_epoch to tenants_borough;

-- The platform keeps the clients of offices, and makes a borough's first one without ever reading it.
create policy platform_keeps on tenants.client for update to tenants_platform
  using (borough_id is null) with check (borough_id is null);
grant select (authentication, jwks_uri, expires_at, warned_days), update (name, expires_at, jwks_uri, warned_days, revoked_at, version)
  on tenants.client to tenants_platform;
create policy platform on tenants.client_key for select to tenants_platform using (borough_id is null);
create policy platform_keeps on tenants.client_key for update to tenants_platform
  using (borough_id is null) with check (borough_id is null);
create policy platform_makes on tenants.client_key for insert to tenants_platform with check (true);
grant select (client_id, key_id, borough_id, kind, hint, kid, jwk, created_at, starts_at, retires_at, revoked_at,
    last_used_on, version),
  insert, update (starts_at, retires_at, revoked_at, version) on tenants.client_key to tenants_platform;
create policy platform on tenants.client_key_move to tenants_platform
  using (borough_id is null) with check (borough_id is null);
grant select, insert on tenants.client_key_move to tenants_platform;
grant update (clients_cut_at) on tenants.borough to tenants_platform;

grant select (created_at, authentication, jwks_uri, expires_at) on tenants.client to tenants_issuer;
grant select (clients_cut_at) on tenants.borough to tenants_issuer;
create policy issuer on tenants.client_key to tenants_issuer using (true) with check (true);
grant select (client_id, key_id, kind, hint, secret_hash, kid, jwk, starts_at, retires_at, revoked_at, last_used_on),
  update (last_used_on) on tenants.client_key to tenants_issuer;
create policy issuer on tenants.used_assertion for insert to tenants_issuer with check (true);
grant insert on tenants.used_assertion to tenants_issuer;
create policy work on tenants.used_assertion to tenants_work using (true);
grant select (expires_at), delete on tenants.used_assertion to tenants_work;

-- Which clients end soon: ids and times. To warn a borough, work opens that borough; an office has nobody to open.
create policy work on tenants.client to tenants_work using (true) with check (true);
grant select (client_id, borough_id, expires_at, warned_days, revoked_at), update (warned_days) on tenants.client
  to tenants_work;

create policy issuer on tenants.signing_key to tenants_issuer using (true) with check (true);
grant select, insert, update (retires_at) on tenants.signing_key to tenants_issuer;
create policy platform on tenants.signing_key to tenants_platform using (true) with check (true);
grant select (number, kid, made_by, reason, created_at, signs_from, retires_at), insert, update (retires_at)
  on tenants.signing_key to tenants_platform;
