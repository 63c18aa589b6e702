-- What a borough's clients ask for, by client and day; and what it may ask for in a day.
create table tenants.usage_day (
  borough_id uuid not null references tenants.borough,
  day date not null,
  client_id text not null check (length(client_id) between 1 and 120),
  calls bigint not null check (calls >= 0),
  rows bigint not null check (rows >= 0),
  errors bigint not null check (errors >= 0),
  primary key (borough_id, day, client_id)
) with (fillfactor = 70);
alter table tenants.usage_day enable row level security;
alter table tenants.usage_day force row level security;
create policy borough on tenants.usage_day to tenants_borough
  using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()));
grant select, insert, update (calls, rows, errors) on tenants.usage_day to tenants_borough;
-- What is counted of asking for an archive would be in the next one: it goes with the borough, and is in none.
select platform.let_be_purged('tenants.usage_day');

-- How many calls a day; null where the platform gave the borough no number of its own.
alter table tenants.borough add column calls_a_day bigint check (calls_a_day between 1000 and 1000000000);
grant update (calls_a_day) on tenants.borough to tenants_platform;
grant select (calls_a_day) on tenants.borough to kind_archive;
