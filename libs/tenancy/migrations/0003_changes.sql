-- What changed in a borough, in order: what `/changes` answers.

-- Acts on their way to a number: written beside the audit trail, in the transaction that did them. Ids only, for
-- work sees these of every borough, and nothing of the audit trail.
create table platform.act_waiting (
  borough_id uuid not null,
  audit_id uuid not null,
  position bigint generated always as identity,
  service text not null,
  at timestamptz not null,
  action text not null,
  subject text not null,
  deleted boolean not null,
  -- What changed with it, beside what it is part of.
  bumps text[],
  primary key (borough_id, audit_id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);

-- Committed acts with their numbers: 1, 2, 3, … of each borough and service, never one left out or given twice.
create table platform.change (
  borough_id uuid not null,
  service text not null,
  number bigint not null check (number > 0),
  audit_id uuid not null,
  at timestamptz not null,
  action text not null,
  subject text not null,
  deleted boolean not null,
  bumps text[],
  primary key (borough_id, service, number)
);

-- What was done before there were numbers gets the first of them. The trail does not say which service did it, but the
-- path of the thing does. The owner is bound by row-level security too, so it is lifted while this is read.
alter table platform.audit no force row level security;
insert into platform.act_waiting (borough_id, audit_id, service, at, action, subject, deleted)
  select borough_id, audit_id,
    case
      when split_part(subject, '/', 1) in ('boroughs', 'clients', 'organisations') then 'tenants'
      when split_part(subject, '/', 1) in ('agreements', 'funds', 'returns') then 'budgets'
      else 'governance'
    end,
    at, action, subject, action in ('client.revoked', 'motion.withdrawn', 'receipt.match-withdrawn')
  from platform.audit where action <> 'journal.refused' order by audit_id;
alter table platform.audit force row level security;

alter table platform.act_waiting enable row level security;
alter table platform.act_waiting force row level security;
alter table platform.change enable row level security;
alter table platform.change force row level security;

create policy borough on platform.act_waiting for insert to kind_borough
  with check (borough_id = (select platform.borough()) and service = (select platform.service()));
create policy platform on platform.act_waiting for insert to kind_platform
  with check (service = (select platform.service()));
create policy work on platform.act_waiting to kind_work
  using (service = (select platform.service())) with check (service = (select platform.service()));
grant insert (borough_id, audit_id, service, at, action, subject, deleted, bumps) on platform.act_waiting
  to kind_borough, kind_platform;
grant select, delete on platform.act_waiting to kind_work;

create policy borough on platform.change for select to kind_borough
  using (borough_id = (select platform.borough()) and service = (select platform.service()));
create policy work on platform.change to kind_work
  using (service = (select platform.service())) with check (service = (select platform.service()));
grant select on platform.change to kind_borough;
grant select, insert on platform.change to kind_work;
