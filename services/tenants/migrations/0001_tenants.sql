-- Boroughs, the regions that expect their figures, the bodies they work with, and the API clients of all.

create schema tenants;
revoke all on schema tenants from public;

select platform.make_login('tenants', kind)
from unnest(array['borough', 'partner', 'region', 'platform', 'issuer', 'work']) kind;

-- A tenant: a borough, or its sandbox under the same slug.
create table tenants.borough (
  borough_id uuid primary key,
  slug text not null check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 60),
  mode text not null check (mode in ('live', 'sandbox')),
  gss text not null check (gss ~ '^[EKNSW][0-9]{8}$'),
  name text not null check (length(name) between 1 and 200),
  state text not null check (state in ('in_setup', 'in_review', 'live', 'suspended')),
  version bigint not null default 1,
  created_at timestamptz not null,
  constraint borough_slug_mode unique (slug, mode),
  constraint borough_gss_mode unique (gss, mode)
);

create table tenants.borough_move (
  borough_id uuid not null references tenants.borough,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, number)
);

-- Regions are the platform's own: no borough's rows.
create table tenants.region (
  region text primary key check (region ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(region) <= 60),
  name text not null check (length(name) between 1 and 200),
  gss text check (gss ~ '^[EKNSW][0-9]{8}$'),
  created_at timestamptz not null
);

-- Which boroughs a region expects, and since when.
create table tenants.region_borough (
  borough_id uuid not null references tenants.borough,
  region text not null references tenants.region,
  expected_from date not null,
  expected_to date check (expected_to >= expected_from),
  primary key (borough_id, region, expected_from)
);
create index on tenants.region_borough (region);

-- A body as one borough records it. Codes live on after a body ends, so a body is known by its id.
create table tenants.organisation (
  borough_id uuid not null references tenants.borough,
  organisation_id uuid not null,
  kind text not null check (kind in ('council', 'ccg', 'icb', 'nhs_trust', 'provider')),
  name text not null check (length(name) between 1 and 200),
  ods text check (ods ~ '^[A-Z0-9]{3,6}$'),
  gss text check (gss ~ '^[EKNSW][0-9]{8}$'),
  valid_from date not null,
  valid_to date check (valid_to >= valid_from),
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, organisation_id)
);
create index on tenants.organisation (ods);

-- Who followed whom: many to many. The names are copied so that the successor may see them.
create table tenants.succession (
  borough_id uuid not null,
  successor_id uuid not null,
  predecessor_id uuid not null,
  successor_ods text,
  predecessor_name text not null,
  predecessor_ods text,
  followed_on date not null,
  primary key (borough_id, successor_id, predecessor_id),
  foreign key (borough_id, successor_id) references tenants.organisation (borough_id, organisation_id),
  foreign key (borough_id, predecessor_id) references tenants.organisation (borough_id, organisation_id)
);
create index on tenants.succession (borough_id, predecessor_id);
create index on tenants.succession (successor_ods);

-- An API client: of a borough, or of a region, a partner or the platform.
create table tenants.client (
  client_id text primary key check (length(client_id) between 1 and 120),
  owner_kind text not null check (owner_kind in ('borough', 'region', 'partner', 'platform')),
  borough_id uuid references tenants.borough,
  region text references tenants.region,
  ods text check (ods ~ '^[A-Z0-9]{3,6}$'),
  name text not null check (length(name) between 1 and 200),
  role text not null check (length(role) between 1 and 30),
  scopes text not null,
  secret_hash bytea not null check (length(secret_hash) = 32),
  secret_hint text not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  version bigint not null default 1,
  check ((owner_kind = 'borough') = (borough_id is not null)),
  check ((owner_kind = 'region') = (region is not null)),
  check ((owner_kind = 'partner') = (ods is not null))
);
create index on tenants.client (borough_id, client_id);

do $$
declare t text;
begin
  foreach t in array array['borough', 'borough_move', 'region', 'region_borough', 'organisation', 'succession', 'client'] loop
    execute format('alter table tenants.%I enable row level security', t);
    execute format('alter table tenants.%I force row level security', t);
  end loop;
  foreach t in array array['borough_move', 'organisation', 'succession', 'client'] loop
    execute format('create policy borough on tenants.%I to tenants_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
  foreach t in array array['borough', 'borough_move', 'region', 'region_borough'] loop
    execute format('create policy platform on tenants.%I to tenants_platform using (true) with check (true)', t);
  end loop;
end $$;

-- A borough hands itself in and takes itself back; only the platform brings it live, suspends and resumes it.
create policy borough on tenants.borough to tenants_borough
  using (borough_id = (select platform.borough()))
  with check (borough_id = (select platform.borough()) and state in ('in_setup', 'in_review'));
grant select, update (state, version) on tenants.borough to tenants_borough;
grant select, insert on tenants.borough_move to tenants_borough;
grant select, insert on tenants.organisation, tenants.succession to tenants_borough;
grant select (client_id, owner_kind, borough_id, name, role, scopes, secret_hint, created_at, revoked_at, version),
  insert, update (revoked_at, version) on tenants.client to tenants_borough;
grant select on platform.audit to tenants_borough;
grant insert on platform.client_epoch to tenants_borough;

grant select, insert, update (state, version) on tenants.borough to tenants_platform;
grant select, insert on tenants.borough_move, tenants.region, tenants.region_borough to tenants_platform;
-- The platform sees the clients of offices, and makes a borough's first one without ever reading it.
create policy platform on tenants.client for select to tenants_platform using (borough_id is null);
create policy platform_makes on tenants.client for insert to tenants_platform with check (true);
grant select (client_id, owner_kind, region, ods, name, role, scopes, secret_hint, created_at, revoked_at, version),
  insert on tenants.client to tenants_platform;
grant select (borough_id) on tenants.client to tenants_platform;

-- A partner sees its own records, under its own code, never a predecessor's.
create policy partner on tenants.organisation for select to tenants_partner using (ods = (select platform.partner()));
create policy partner on tenants.succession for select to tenants_partner using (successor_ods = (select platform.partner()));
create policy partner on tenants.borough for select to tenants_partner
  using (mode = 'live' and exists (
    select from tenants.organisation o where o.borough_id = borough.borough_id and o.ods = (select platform.partner())));
grant select (borough_id, organisation_id, kind, name, ods, gss, valid_from, valid_to) on tenants.organisation to tenants_partner;
grant select on tenants.succession to tenants_partner;
grant select (borough_id, slug, gss, name, mode) on tenants.borough to tenants_partner;

-- A region sees which boroughs it expects, and their state.
create policy region on tenants.region_borough for select to tenants_region using (region = (select platform.region()));
create policy region on tenants.borough for select to tenants_region
  using (mode = 'live' and exists (
    select from tenants.region_borough r where r.borough_id = borough.borough_id and r.region = (select platform.region())));
grant select on tenants.region_borough to tenants_region;
grant select (borough_id, slug, gss, name, mode, state) on tenants.borough to tenants_region;

-- What a token needs before any borough is known.
create policy issuer on tenants.client for select to tenants_issuer using (true);
create policy issuer on tenants.borough for select to tenants_issuer using (true);
grant select (client_id, owner_kind, borough_id, region, ods, role, scopes, secret_hash, revoked_at) on tenants.client to tenants_issuer;
grant select (borough_id, slug, gss, mode, state) on tenants.borough to tenants_issuer;
