-- A borough's whole record: taken out as an archive, put into another instance, and in the end destroyed. Three kinds of
-- login role, none of which serves a request: each may do one of these, in the one borough of its transaction.

do $$
declare kind text;
begin
  foreach kind in array array['archive', 'restore', 'purge'] loop
    begin
      execute format('create role kind_%s nologin', kind);
    exception when duplicate_object or unique_violation then null;
    end;
    execute format('grant usage on schema platform to kind_%s', kind);
  end loop;
end $$;
grant execute on function platform.borough() to kind_archive, kind_restore, kind_purge;

-- Which boroughs are to be destroyed, and not before when. Without an order that is due nothing can be deleted, whatever
-- a program asks: the policy of every table says so.
create table platform.purge_order (
  borough_id uuid primary key,
  ordered_at timestamptz not null,
  due_at timestamptz not null check (due_at >= ordered_at)
);
alter table platform.purge_order enable row level security;
alter table platform.purge_order force row level security;
create policy platform on platform.purge_order to kind_platform using (true) with check (true);
create policy purge on platform.purge_order for select to kind_purge using (borough_id = (select platform.borough()));
grant select, insert, update, delete on platform.purge_order to kind_platform;
grant select on platform.purge_order to kind_purge;

-- The borough of the transaction, where it is to be destroyed and the day has come; nothing otherwise.
create function platform.purged_borough() returns uuid language sql stable parallel safe
  begin atomic
    select o.borough_id from platform.purge_order o
      where o.borough_id = platform.borough() and o.due_at <= pg_catalog.now();
  end;
revoke execute on function platform.purged_borough() from public;
grant execute on function platform.purged_borough() to kind_purge;

-- Puts a table of boroughs' rows into the archive, but for columns that are secret and rows that are not for it, and
-- lets it be destroyed. Every table with a borough is put in or left out by name: `tests/suite/schema.rs` holds it.
create function platform.keep_in_archive(
  kept regclass, secret text[] default '{}', only_where text default null, kept_for_good boolean default false
) returns void language plpgsql as $$
declare columns text;
begin
  select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns
    from pg_catalog.pg_attribute a
    where a.attrelid = kept and a.attnum > 0 and not a.attisdropped and a.attname <> all (secret);
  execute format('grant select (%s) on %s to kind_archive', columns, kept);
  execute format('create policy archive on %s for select to kind_archive
    using (borough_id = (select platform.borough())%s)', kept, coalesce(' and ' || only_where, ''));
  execute format('grant insert on %s to kind_restore', kept);
  execute format('create policy restore on %s for insert to kind_restore
    with check (borough_id = (select platform.borough()))', kept);
  if not kept_for_good then
    perform platform.let_be_purged(kept);
  end if;
end $$;

-- Lets a table of boroughs' rows be destroyed that is in no archive.
create function platform.let_be_purged(kept regclass) returns void language plpgsql as $$
begin
  execute format('grant delete on %s to kind_purge', kept);
  execute format('create policy purge on %s for delete to kind_purge
    using (borough_id = (select platform.purged_borough()))', kept);
end $$;
revoke execute on function platform.keep_in_archive(regclass, text[], text, boolean), platform.let_be_purged(regclass)
  from public;

select platform.keep_in_archive('platform.audit');
select platform.keep_in_archive('platform.audit_link');
select platform.keep_in_archive('platform.audit_checkpoint');
select platform.keep_in_archive('platform.change');
-- What is on its way, and no more: what has arrived is where it went.
select platform.keep_in_archive('platform.outbox', only_where => 'relayed_at is null');
select platform.keep_in_archive('platform.inbox', only_where => 'done_at is null');
select platform.keep_in_archive('platform.act_waiting');
select platform.keep_in_archive('platform.client_epoch');
-- A place in the chain is waited for anew by the entries that have none.
select platform.let_be_purged('platform.audit_waiting');
select platform.let_be_purged('platform.idempotency');

grant select, insert (borough_id, audit_id), delete on platform.audit_waiting to kind_restore;
create policy restore on platform.audit_waiting to kind_restore
  using (borough_id = (select platform.borough())) with check (borough_id = (select platform.borough()));
grant select on platform.audit_link to kind_restore;
create policy restore_reads on platform.audit_link for select to kind_restore
  using (borough_id = (select platform.borough()));
-- The platform's own trail says who restored, and who destroyed.
grant insert on platform.office_audit to kind_restore, kind_purge;
create policy restore on platform.office_audit for insert to kind_restore with check (true);
create policy purge on platform.office_audit for insert to kind_purge with check (true);
create policy office on platform.audit_waiting for insert to kind_restore, kind_purge
  with check (borough_id = '00000000-0000-0000-0000-000000000000');
grant insert (borough_id, audit_id) on platform.audit_waiting to kind_purge;
