-- Sandboxes that are still to be filled with something to try things out on, and by which service.
create table platform.seed_due (
  borough_id uuid not null,
  service text not null,
  slug text not null,
  gss text not null,
  name text not null,
  -- Ids of what an earlier service made, by the names the next one knows them under.
  known jsonb not null default '{}',
  primary key (borough_id, service)
);
create index seed_waiting on platform.seed_due (service);
alter table platform.seed_due enable row level security;
alter table platform.seed_due force row level security;
-- The platform makes a sandbox; a service's work fills it, and hands it on. Names and ids only.
create policy platform on platform.seed_due for insert to kind_platform with check (true);
grant insert on platform.seed_due to kind_platform;
create policy work on platform.seed_due to kind_work
  using (service = (select platform.service())) with check (true);
grant select, insert, delete on platform.seed_due to kind_work;
select platform.let_be_purged('platform.seed_due');
