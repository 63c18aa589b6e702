-- Pooled funds and their ledger.

create schema budgets;
revoke all on schema budgets from public;

select platform.make_login('budgets', kind) from unnest(array['borough', 'region', 'work']) kind;

-- Facts of other services, taken in from their events.

create table budgets.borough (
  borough_id uuid primary key,
  slug text not null,
  gss text not null,
  name text not null,
  region text,
  expected_from date
);

create table budgets.party (
  borough_id uuid not null,
  organisation_id uuid not null,
  kind text not null,
  name text not null,
  ods text,
  valid_from date not null,
  valid_to date,
  primary key (borough_id, organisation_id)
);

-- The scheme of delegation: what a role may post in one journal without a decision.
create table budgets.delegation (
  borough_id uuid not null,
  delegation_id uuid not null,
  role text not null,
  limit_pence bigint not null check (limit_pence >= 0),
  in_force_from date not null,
  primary key (borough_id, delegation_id)
);

-- Our own.

create table budgets.fund (
  borough_id uuid not null,
  fund_id uuid not null,
  name text not null check (length(name) between 1 and 200),
  local_label text check (length(local_label) between 1 and 100),
  kind text not null check (kind in ('pooled', 'aligned', 'in_view')),
  legal_basis text not null check (legal_basis in ('s75_reg7', 's75_reg8', 's75_reg9', 's65z5', 'none')),
  host_id uuid not null,
  indicative_pence bigint,
  source text not null check (length(source) between 1 and 500),
  illustrative boolean not null,
  -- where its figures are rolled up; none for a sandbox or an illustration
  region text,
  created_at timestamptz not null,
  primary key (borough_id, fund_id),
  foreign key (borough_id, host_id) references budgets.party (borough_id, organisation_id)
);
create unique index fund_name on budgets.fund (borough_id, lower(name));
create index on budgets.fund (borough_id, host_id);

create table budgets.fund_year (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null check (year between 2000 and 2098),
  completeness text not null check (completeness in ('complete', 'partial')),
  note text check (length(note) between 1 and 1000),
  created_at timestamptz not null,
  primary key (borough_id, fund_id, year),
  foreign key (borough_id, fund_id) references budgets.fund
);

create table budgets.period (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  period smallint not null check (period between 1 and 13),
  state text not null check (state in ('open', 'soft_closed', 'closed', 'reopened')),
  version bigint not null default 1,
  primary key (borough_id, fund_id, year, period),
  foreign key (borough_id, fund_id, year) references budgets.fund_year
);
create table budgets.period_move (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  period smallint not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, fund_id, year, period, number),
  foreign key (borough_id, fund_id, year, period) references budgets.period
);

create table budgets.scheme (
  borough_id uuid not null,
  fund_id uuid not null,
  scheme_id uuid not null,
  code text not null check (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
  name text not null check (length(name) between 1 and 200),
  category text not null,
  source text not null,
  created_at timestamptz not null,
  primary key (borough_id, fund_id, scheme_id),
  constraint scheme_code unique (borough_id, fund_id, code),
  foreign key (borough_id, fund_id) references budgets.fund
);

create table budgets.account (
  borough_id uuid not null,
  fund_id uuid not null,
  account_id uuid not null,
  code text not null check (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in ('expenditure', 'income', 'balance')),
  created_at timestamptz not null,
  primary key (borough_id, fund_id, account_id),
  constraint account_code unique (borough_id, fund_id, code),
  foreign key (borough_id, fund_id) references budgets.fund
);

-- The ledger. Append-only: nobody is granted update or delete; a mistake is reversed.
create table budgets.journal (
  borough_id uuid not null,
  fund_id uuid not null,
  journal_id uuid not null,
  year smallint not null,
  period smallint not null,
  effective_on date not null,
  posted_at timestamptz not null,
  narrative text not null check (length(narrative) between 1 and 500),
  source text check (length(source) between 1 and 500),
  client_id text not null,
  reverses_id uuid,
  primary key (borough_id, fund_id, journal_id),
  constraint journal_reversed_once unique (borough_id, fund_id, reverses_id),
  foreign key (borough_id, fund_id, year, period) references budgets.period,
  foreign key (borough_id, fund_id, reverses_id) references budgets.journal
);
create table budgets.posting (
  borough_id uuid not null,
  fund_id uuid not null,
  journal_id uuid not null,
  line smallint not null,
  account_id uuid not null,
  scheme_id uuid,
  layer text not null check (layer in ('budget', 'committed', 'actual')),
  amount_pence bigint not null check (amount_pence <> 0),
  primary key (borough_id, fund_id, journal_id, line),
  foreign key (borough_id, fund_id, journal_id) references budgets.journal,
  foreign key (borough_id, fund_id, account_id) references budgets.account,
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme
);

-- Positions without hot rows: a posting adds a delta, the compactor folds deltas into positions in one
-- statement, a reader adds up both in one snapshot. The nil id stands for "no scheme".
create table budgets.delta (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  journal_id uuid not null,
  line smallint not null,
  period smallint not null,
  account_id uuid not null,
  scheme_id uuid not null,
  layer text not null,
  amount_pence bigint not null,
  primary key (borough_id, fund_id, year, journal_id, line)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
create table budgets.position (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  period smallint not null,
  account_id uuid not null,
  scheme_id uuid not null,
  layer text not null,
  amount_pence bigint not null,
  primary key (borough_id, fund_id, year, period, account_id, scheme_id, layer)
);

-- The same for the region: expenditure only, by category and source, without accounts or journals' words.
create table budgets.region_delta (
  borough_id uuid not null,
  region text not null,
  year smallint not null,
  fund_id uuid not null,
  journal_id uuid not null,
  line smallint not null,
  period smallint not null,
  category text not null,
  source text not null,
  layer text not null,
  amount_pence bigint not null,
  primary key (borough_id, region, year, fund_id, journal_id, line)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
create table budgets.region_position (
  borough_id uuid not null,
  region text not null,
  year smallint not null,
  fund_id uuid not null,
  period smallint not null,
  category text not null,
  source text not null,
  layer text not null,
  amount_pence bigint not null,
  primary key (borough_id, region, year, fund_id, period, category, source, layer)
);
create index on budgets.region_position (region, year);
-- What the region may know of a fund's periods.
create table budgets.region_period (
  borough_id uuid not null,
  region text not null,
  year smallint not null,
  fund_id uuid not null,
  period smallint not null,
  state text not null,
  kind text not null,
  section_75 boolean not null,
  completeness text not null,
  primary key (borough_id, region, year, fund_id, period)
);
create index on budgets.region_period (region, year);

-- Payments into a fund, as the payer's published ledger shows them.
create table budgets.receipt (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  receipt_id uuid not null,
  payer_id uuid not null,
  paid_on date not null,
  amount_pence bigint not null check (amount_pence <> 0),
  document_number text check (length(document_number) between 1 and 100),
  payee_as_published text not null check (length(payee_as_published) between 1 and 200),
  directorate text check (length(directorate) between 1 and 200),
  description text check (length(description) between 1 and 500),
  source text not null check (length(source) between 1 and 500),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, year, receipt_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, payer_id) references budgets.party (borough_id, organisation_id)
);
create index on budgets.receipt (borough_id, payer_id);

do $$
declare t text;
begin
  foreach t in array array['borough', 'party', 'delegation', 'fund', 'fund_year', 'period', 'period_move', 'scheme',
                           'account', 'journal', 'posting', 'delta', 'position', 'region_delta', 'region_position',
                           'region_period', 'receipt'] loop
    execute format('alter table budgets.%I enable row level security', t);
    execute format('alter table budgets.%I force row level security', t);
    execute format('create policy borough on budgets.%I to budgets_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert, update (slug, gss, name, region, expected_from) on budgets.borough to budgets_borough;
grant select, insert, update (kind, name, ods, valid_from, valid_to) on budgets.party to budgets_borough;
grant select, insert on budgets.delegation, budgets.fund, budgets.fund_year, budgets.period, budgets.period_move,
  budgets.scheme, budgets.account, budgets.journal, budgets.posting, budgets.delta, budgets.region_delta,
  budgets.region_period, budgets.receipt to budgets_borough;
grant update (state, version) on budgets.period to budgets_borough;
grant update (state) on budgets.region_period to budgets_borough;
grant select on budgets.position to budgets_borough;

-- The region sees soft-closed and closed periods, and the figures of those, and no base table.
create policy region on budgets.borough for select to budgets_region using (region = (select platform.region()));
create policy region on budgets.region_period for select to budgets_region
  using (region = (select platform.region()) and state in ('soft_closed', 'closed'));
create policy region on budgets.region_position for select to budgets_region
  using (region = (select platform.region()) and exists (
    select from budgets.region_period p
    where p.borough_id = region_position.borough_id and p.region = region_position.region and p.year = region_position.year
      and p.fund_id = region_position.fund_id and p.period = region_position.period));
create policy region on budgets.region_delta for select to budgets_region
  using (region = (select platform.region()) and exists (
    select from budgets.region_period p
    where p.borough_id = region_delta.borough_id and p.region = region_delta.region and p.year = region_delta.year
      and p.fund_id = region_delta.fund_id and p.period = region_delta.period));
grant select on budgets.borough, budgets.region_period, budgets.region_position, budgets.region_delta to budgets_region;

-- The compactor moves deltas into positions, and sees nothing else.
create policy work on budgets.delta to budgets_work using (true);
create policy work on budgets.region_delta to budgets_work using (true);
create policy work on budgets.position to budgets_work using (true) with check (true);
create policy work on budgets.region_position to budgets_work using (true) with check (true);
grant select, delete on budgets.delta, budgets.region_delta to budgets_work;
grant select, insert, update (amount_pence) on budgets.position, budgets.region_position to budgets_work;
