-- The audit trail in one chain a borough: each entry's hash follows the one before it, and the heads are signed by a key
-- outside the database. The platform's own acts are a chain too, under the id of no borough.

-- Entries without a place yet: ids only, for work sees these of every borough, and nothing of the trail.
create table platform.audit_waiting (
  borough_id uuid not null,
  audit_id uuid not null,
  position bigint generated always as identity,
  primary key (borough_id, audit_id)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);

-- The links, in order: 1, 2, 3, … of each borough.
create table platform.audit_link (
  borough_id uuid not null,
  position bigint not null check (position > 0),
  audit_id uuid not null,
  entry_hash bytea not null check (length(entry_hash) = 32),
  head bytea not null check (length(head) = 32),
  primary key (borough_id, position),
  constraint audit_link_entry unique (borough_id, audit_id)
);

-- Signed heads. Every batch of links ends in one.
create table platform.audit_checkpoint (
  borough_id uuid not null,
  position bigint not null check (position > 0),
  head bytea not null check (length(head) = 32),
  sealed_at timestamptz not null,
  public_key bytea not null check (length(public_key) = 32),
  signature bytea not null check (length(signature) = 64),
  primary key (borough_id, position)
);

-- What was written before there was a chain gets the first places, in the order of its ids. The owner is bound by
-- row-level security too, so it is lifted while this is read.
alter table platform.audit no force row level security;
alter table platform.office_audit no force row level security;
insert into platform.audit_waiting (borough_id, audit_id)
  select borough_id, audit_id from platform.audit order by audit_id;
insert into platform.audit_waiting (borough_id, audit_id)
  select '00000000-0000-0000-0000-000000000000', audit_id from platform.office_audit order by audit_id;
alter table platform.audit force row level security;
alter table platform.office_audit force row level security;

-- An entry waits for its place from the statement that writes it on, whoever writes it: the program of the last release
-- does not know of the chain.
create function platform.audit_waits() returns trigger language plpgsql as $$
begin
  insert into platform.audit_waiting (borough_id, audit_id) select borough_id, audit_id from added;
  return null;
end $$;
create function platform.office_audit_waits() returns trigger language plpgsql as $$
begin
  insert into platform.audit_waiting (borough_id, audit_id)
    select '00000000-0000-0000-0000-000000000000', audit_id from added;
  return null;
end $$;
revoke execute on function platform.audit_waits(), platform.office_audit_waits() from public;
create trigger audit_waits after insert on platform.audit
  referencing new table as added for each statement execute function platform.audit_waits();
create trigger office_audit_waits after insert on platform.office_audit
  referencing new table as added for each statement execute function platform.office_audit_waits();

do $$
declare t text;
begin
  foreach t in array array['audit_waiting', 'audit_link', 'audit_checkpoint'] loop
    execute format('alter table platform.%I enable row level security', t);
    execute format('alter table platform.%I force row level security', t);
    execute format('create policy borough on platform.%I to kind_borough
      using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

-- Every service's entries wait; the platform's acts may concern any borough.
create policy platform on platform.audit_waiting for insert to kind_platform with check (true);
create policy platform_seals on platform.audit_waiting to kind_platform
  using (borough_id = '00000000-0000-0000-0000-000000000000');
grant insert (borough_id, audit_id) on platform.audit_waiting to kind_borough, kind_platform;

-- The chain of the platform's own acts.
create policy platform on platform.audit_link to kind_platform
  using (borough_id = '00000000-0000-0000-0000-000000000000')
  with check (borough_id = '00000000-0000-0000-0000-000000000000');
create policy platform on platform.audit_checkpoint to kind_platform
  using (borough_id = '00000000-0000-0000-0000-000000000000')
  with check (borough_id = '00000000-0000-0000-0000-000000000000');

-- What the trail is searched by.
create index audit_by_client on platform.audit (borough_id, client_id, audit_id);
create index audit_by_action on platform.audit (borough_id, action collate "C", audit_id);
create index audit_by_subject on platform.audit (borough_id, subject collate "C", audit_id);
create index audit_by_request on platform.audit (borough_id, request_id);
create index office_audit_by_client on platform.office_audit (client_id, audit_id);
create index office_audit_by_action on platform.office_audit (action collate "C", audit_id);
