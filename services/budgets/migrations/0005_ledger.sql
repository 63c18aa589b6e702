-- The ledger in full: dimensions, references, commitments, control, and what stood on a day.
--
-- Nothing was released before it. It is not of the expand kind: a program that does not know the new columns cannot post.

-- Force binds the owner too; it is lifted for the rows that are there and put back at the end of this migration.
do $$
declare t text;
begin
  foreach t in array array['journal', 'posting', 'delta', 'position', 'scheme', 'scheme_schedule'] loop
    execute format('alter table budgets.%I no force row level security', t);
  end loop;
end $$;

-- What a posting is of besides its account and scheme. A line of a scheme has the scheme's own category, source and nature
-- unless it says otherwise; what it said or was given is kept with it and does not change afterwards.
alter table budgets.posting
  add column party_id uuid,
  add column category text check (length(category) between 1 and 60),
  add column source text check (length(source) between 1 and 60),
  add column nature text check (nature in ('capital', 'revenue')),
  add column year smallint,
  add column effective_on date,
  add foreign key (borough_id, party_id) references budgets.party (borough_id, organisation_id);
update budgets.posting p set
  category = s.category, source = s.source,
  nature = case when c.capital then 'capital' else 'revenue' end
from budgets.scheme s left join budgets.scheme_schedule c using (borough_id, fund_id, scheme_id)
where s.borough_id = p.borough_id and s.fund_id = p.fund_id and s.scheme_id = p.scheme_id;
update budgets.posting p set year = j.year, effective_on = j.effective_on
from budgets.journal j where j.borough_id = p.borough_id and j.fund_id = p.fund_id and j.journal_id = p.journal_id;
alter table budgets.posting alter column year set not null, alter column effective_on set not null;
-- An account's statement, in the order things took effect.
create index posting_by_account on budgets.posting (borough_id, fund_id, account_id, year, effective_on, journal_id, line);
create index on budgets.posting (borough_id, party_id) where party_id is not null;

alter table budgets.journal
  -- the name its sender has for it: one journal of a fund has it
  add column external_reference text check (length(external_reference) between 1 and 100),
  -- over what was sent under that name: the same again is the same journal, anything else is refused
  add column fingerprint bytea check (length(fingerprint) = 32),
  add column metadata jsonb,
  -- the journal that was reversed and is put right by this one
  add column corrects_id uuid,
  -- the file it was taken from
  add column import_id uuid,
  add constraint journal_corrected_once unique (borough_id, fund_id, corrects_id),
  add foreign key (borough_id, fund_id, corrects_id) references budgets.journal;
create unique index journal_external_reference on budgets.journal (borough_id, fund_id, external_reference)
  where external_reference is not null;
-- What was posted since a moment.
create index journal_by_posted on budgets.journal (borough_id, fund_id, posted_at);
create index journal_by_period on budgets.journal (borough_id, fund_id, year, period, journal_id);

-- Deltas and positions by every dimension. No scheme and no party are the nil id, no category, source or nature the empty text.
alter table budgets.delta
  add column party_id uuid not null default '00000000-0000-0000-0000-000000000000',
  add column category text not null default '',
  add column source text not null default '',
  add column nature text not null default '',
  add column effective_on date,
  add column posted_on date;
update budgets.delta d set category = s.category, source = s.source,
  nature = case when c.capital then 'capital' else 'revenue' end
from budgets.scheme s left join budgets.scheme_schedule c using (borough_id, fund_id, scheme_id)
where s.borough_id = d.borough_id and s.fund_id = d.fund_id and s.scheme_id = d.scheme_id;
update budgets.delta d set effective_on = j.effective_on, posted_on = (j.posted_at at time zone 'UTC')::date
from budgets.journal j where j.borough_id = d.borough_id and j.fund_id = d.fund_id and j.journal_id = d.journal_id;
alter table budgets.delta
  alter column effective_on set not null, alter column posted_on set not null,
  drop constraint delta_pkey,
  -- what a scheme has left is asked for before every posting of a fund that is held to it
  add primary key (borough_id, fund_id, year, scheme_id, journal_id, line);

alter table budgets.position
  add column party_id uuid not null default '00000000-0000-0000-0000-000000000000',
  add column category text not null default '',
  add column source text not null default '',
  add column nature text not null default '';
update budgets.position q set category = s.category, source = s.source,
  nature = case when c.capital then 'capital' else 'revenue' end
from budgets.scheme s left join budgets.scheme_schedule c using (borough_id, fund_id, scheme_id)
where s.borough_id = q.borough_id and s.fund_id = q.fund_id and s.scheme_id = q.scheme_id;
-- What is added up for ever may leave the range of one amount.
alter table budgets.region_position alter column amount_pence type numeric(40);
alter table budgets.position
  alter column amount_pence type numeric(40),
  drop constraint position_pkey,
  add primary key (borough_id, fund_id, year, scheme_id, period, account_id, layer, party_id, category, source, nature);

-- What stood on a day: by the day things took effect and by the day they were posted (UTC), by single days and by months,
-- so that any day of a year is at most eleven months and thirty-one days to add up.
create table budgets.dated_position (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  axis text not null check (axis in ('effective', 'posted')),
  span text not null check (span in ('day', 'month')),
  starts_on date not null,
  account_id uuid not null,
  scheme_id uuid not null,
  layer text not null,
  party_id uuid not null,
  category text not null,
  source text not null,
  nature text not null,
  amount_pence numeric(40) not null,
  primary key (borough_id, fund_id, year, axis, span, starts_on, account_id, scheme_id, layer, party_id, category, source, nature)
);
-- What was folded before this table was there.
insert into budgets.dated_position
select p.borough_id, p.fund_id, p.year, d.axis, d.span, d.starts_on, p.account_id,
  coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000'), p.layer,
  '00000000-0000-0000-0000-000000000000'::uuid, coalesce(p.category, ''), coalesce(p.source, ''), coalesce(p.nature, ''), sum(p.amount_pence)
from budgets.posting p
  join budgets.journal j using (borough_id, fund_id, journal_id)
  cross join lateral (values
    ('effective', 'day', j.effective_on), ('effective', 'month', date_trunc('month', j.effective_on)::date),
    ('posted', 'day', (j.posted_at at time zone 'UTC')::date),
    ('posted', 'month', date_trunc('month', j.posted_at at time zone 'UTC')::date)) d (axis, span, starts_on)
where not exists (select from budgets.delta w where w.borough_id = p.borough_id and w.fund_id = p.fund_id and w.year = p.year
  and w.scheme_id = coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000')
  and w.journal_id = p.journal_id and w.line = p.line)
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13;

-- What an account wants to know of every line posted to it, by the year from which it wants it.
create table budgets.account_version (
  borough_id uuid not null,
  fund_id uuid not null,
  account_id uuid not null,
  from_year smallint not null check (from_year between 2000 and 2098),
  name text not null check (length(name) between 1 and 200),
  requires text[] not null check (requires <@ array['scheme', 'party', 'source', 'category', 'nature']),
  -- takes no postings from then on
  closed boolean not null,
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, account_id, from_year),
  foreign key (borough_id, fund_id, account_id) references budgets.account
);

-- Whether spending beyond what a scheme has is warned about or stopped; the latest row is in force.
create table budgets.fund_control (
  borough_id uuid not null,
  fund_id uuid not null,
  number bigint not null,
  control text not null check (control in ('warn', 'stop')),
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  set_at timestamptz not null,
  primary key (borough_id, fund_id, number),
  foreign key (borough_id, fund_id) references budgets.fund
);

-- An order or a contract: money spoken for and not yet paid. Every entry is a line of a journal of the committed layer.
create table budgets.commitment (
  borough_id uuid not null,
  fund_id uuid not null,
  commitment_id uuid not null,
  reference text not null check (length(reference) between 1 and 100),
  kind text not null check (kind in ('order', 'contract')),
  supplier text not null check (length(supplier) between 1 and 200),
  narrative text not null check (length(narrative) between 1 and 500),
  scheme_id uuid not null,
  account_id uuid not null,
  contra_id uuid not null,
  ends_on date,
  recorded_at timestamptz not null,
  version bigint not null default 1,
  primary key (borough_id, fund_id, commitment_id),
  constraint commitment_reference unique (borough_id, fund_id, reference),
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme,
  foreign key (borough_id, fund_id, account_id) references budgets.account,
  foreign key (borough_id, fund_id, contra_id) references budgets.account
);
create table budgets.commitment_entry (
  borough_id uuid not null,
  fund_id uuid not null,
  commitment_id uuid not null,
  number bigint not null,
  year smallint not null,
  kind text not null check (kind in ('committed', 'drawn', 'released', 'carried_out', 'carried_in', 'reversed')),
  -- what it adds to what is outstanding in its year
  amount_pence bigint not null check (amount_pence <> 0),
  -- the journal that says so in the committed layer
  journal_id uuid not null,
  -- for what was drawn: the journal of the invoice, where that is another one
  actual_journal_id uuid,
  reason text check (length(reason) between 1 and 500),
  entered_at timestamptz not null,
  primary key (borough_id, fund_id, commitment_id, number),
  foreign key (borough_id, fund_id, commitment_id) references budgets.commitment,
  foreign key (borough_id, fund_id, journal_id) references budgets.journal,
  foreign key (borough_id, fund_id, actual_journal_id) references budgets.journal
);
create index commitment_entry_by_journal on budgets.commitment_entry (borough_id, fund_id, journal_id);
create index commitment_entry_by_actual on budgets.commitment_entry (borough_id, fund_id, actual_journal_id)
  where actual_journal_id is not null;

do $$
declare t text;
begin
  foreach t in array array['dated_position', 'account_version', 'fund_control', 'commitment', 'commitment_entry'] loop
    execute format('alter table budgets.%I enable row level security', t);
    execute format('alter table budgets.%I force row level security', t);
    execute format('create policy borough on budgets.%I to budgets_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
  foreach t in array array['journal', 'posting', 'delta', 'position', 'scheme', 'scheme_schedule'] loop
    execute format('alter table budgets.%I force row level security', t);
  end loop;
end $$;

grant select on budgets.dated_position to budgets_borough;
grant select, insert on budgets.account_version, budgets.fund_control, budgets.commitment, budgets.commitment_entry
  to budgets_borough;
grant update (version) on budgets.commitment to budgets_borough;

create policy work on budgets.dated_position to budgets_work using (true) with check (true);
grant select, insert, update (amount_pence) on budgets.dated_position to budgets_work;

-- What stands now: what is folded and what is not yet. Every reader of a position reads this.
create view budgets.standing with (security_invoker = true) as
  select borough_id, fund_id, year, period, account_id, scheme_id, layer, party_id, category, source, nature, amount_pence
  from budgets.position
  union all
  select borough_id, fund_id, year, period, account_id, scheme_id, layer, party_id, category, source, nature, amount_pence
  from budgets.delta;
grant select on budgets.standing to budgets_borough;

-- What stood at the end of a day, by what had taken effect (`as_of`), as it was known at a moment (`known_at`), or both.
create function budgets.stood(of_fund uuid, of_year smallint, as_of date, known_at timestamptz)
  returns table (account_id uuid, scheme_id uuid, layer text, party_id uuid, category text, source text, nature text, amount_pence numeric)
  language sql stable
  begin atomic
    -- by the days things took effect: whole months, then the days of the last
    select d.account_id, d.scheme_id, d.layer, d.party_id, d.category, d.source, d.nature, d.amount_pence
    from budgets.dated_position d
    where d.fund_id = of_fund and d.year = of_year and d.axis = 'effective' and as_of is not null
      and (d.span = 'month' and d.starts_on < date_trunc('month', as_of)::date
        or d.span = 'day' and d.starts_on >= date_trunc('month', as_of)::date and d.starts_on <= as_of)
    union all
    select d.account_id, d.scheme_id, d.layer, d.party_id, d.category, d.source, d.nature, d.amount_pence
    from budgets.delta d
    where d.fund_id = of_fund and d.year = of_year and as_of is not null and d.effective_on <= as_of
    union all
    -- less what was posted since
    select p.account_id, coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000'), p.layer,
      coalesce(p.party_id, '00000000-0000-0000-0000-000000000000'), coalesce(p.category, ''), coalesce(p.source, ''),
      coalesce(p.nature, ''), -p.amount_pence
    from budgets.journal j join budgets.posting p on p.borough_id = j.borough_id and p.fund_id = j.fund_id and p.journal_id = j.journal_id
    where j.fund_id = of_fund and j.year = of_year and as_of is not null and known_at is not null
      and j.effective_on <= as_of and j.posted_at > known_at
    union all
    -- by the days things were posted: whole months, then days, then the moments of the last day
    select d.account_id, d.scheme_id, d.layer, d.party_id, d.category, d.source, d.nature, d.amount_pence
    from budgets.dated_position d
    where d.fund_id = of_fund and d.year = of_year and d.axis = 'posted' and as_of is null
      and (d.span = 'month' and d.starts_on < date_trunc('month', known_at at time zone 'UTC')::date
        or d.span = 'day' and d.starts_on >= date_trunc('month', known_at at time zone 'UTC')::date
          and d.starts_on < (known_at at time zone 'UTC')::date)
    union all
    select d.account_id, d.scheme_id, d.layer, d.party_id, d.category, d.source, d.nature, d.amount_pence
    from budgets.delta d
    where d.fund_id = of_fund and d.year = of_year and as_of is null and d.posted_on < (known_at at time zone 'UTC')::date
    union all
    select p.account_id, coalesce(p.scheme_id, '00000000-0000-0000-0000-000000000000'), p.layer,
      coalesce(p.party_id, '00000000-0000-0000-0000-000000000000'), coalesce(p.category, ''), coalesce(p.source, ''),
      coalesce(p.nature, ''), p.amount_pence
    from budgets.journal j join budgets.posting p on p.borough_id = j.borough_id and p.fund_id = j.fund_id and p.journal_id = j.journal_id
    where j.fund_id = of_fund and j.year = of_year and as_of is null
      and j.posted_at >= date_trunc('day', known_at at time zone 'UTC') at time zone 'UTC' and j.posted_at <= known_at;
  end;
revoke execute on function budgets.stood from public;
grant execute on function budgets.stood to budgets_borough;
