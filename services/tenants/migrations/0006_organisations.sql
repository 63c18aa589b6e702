-- Bodies over time: other names they are printed under, and a last day that is recorded when it is known.

-- A ledger may print a body under an old or a short name for years.
create table tenants.organisation_alias (
  borough_id uuid not null,
  organisation_id uuid not null,
  name text not null check (length(name) between 1 and 200),
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  client_id text not null,
  primary key (borough_id, organisation_id, name),
  foreign key (borough_id, organisation_id) references tenants.organisation
);
alter table tenants.organisation_alias enable row level security;
alter table tenants.organisation_alias force row level security;
create policy borough on tenants.organisation_alias to tenants_borough
  using (borough_id = (select platform.borough()))
  with check (borough_id = (select platform.borough()));
grant select, insert on tenants.organisation_alias to tenants_borough;

-- A last day is set once; nothing else of a body is ever changed.
grant update (valid_to) on tenants.organisation to tenants_borough;
