-- Monitoring, the Better Care Fund, statements and returns, and what the region sees of returns.
-- SI 2000/617 reg 7(4), reg 8, reg 9; the Better Care Fund's planning requirements of the year.

-- What a scheme plans in a year, in the words of that year's Better Care Fund template.
create table budgets.scheme_plan (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  scheme_id uuid not null,
  version bigint not null,
  activity text check (length(activity) between 1 and 100),
  bcf_source text check (length(bcf_source) between 1 and 100),
  area_of_spend text not null check (length(area_of_spend) between 1 and 100),
  description text not null check (length(description) between 1 and 2000),
  commissioner text not null check (commissioner in ('la', 'nhs', 'joint')),
  nhs_share_bp integer check (nhs_share_bp between 0 and 10000),
  la_share_bp integer check (la_share_bp between 0 and 10000),
  provider_type text not null check (length(provider_type) between 1 and 100),
  outcomes jsonb not null,
  set_at timestamptz not null,
  constraint scheme_plan_once primary key (borough_id, fund_id, year, scheme_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme,
  constraint joint_shares_add_up check ((commissioner = 'joint') = (nhs_share_bp is not null and la_share_bp is not null)
    and nhs_share_bp + la_share_bp = 10000)
);
create index on budgets.scheme_plan (borough_id, fund_id, scheme_id);

-- Forecasts of the outturn, each as it was made. Of a period the highest number is the latest.
create table budgets.forecast (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  forecast_id uuid not null,
  period smallint not null,
  number smallint not null check (number between 1 and 9999),
  method text not null check (method in ('profile', 'manager')),
  basis text not null check (length(basis) between 1 and 1000),
  made_at timestamptz not null,
  client_id text not null,
  primary key (borough_id, fund_id, year, forecast_id),
  constraint forecast_number_once unique (borough_id, fund_id, year, period, number),
  foreign key (borough_id, fund_id, year, period) references budgets.period
);
create table budgets.forecast_line (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  forecast_id uuid not null,
  scheme_id uuid not null,
  budget_pence bigint not null,
  actual_pence bigint not null,
  committed_pence bigint not null,
  remaining_pence bigint not null,
  forecast_pence bigint not null,
  primary key (borough_id, fund_id, year, forecast_id, scheme_id),
  foreign key (borough_id, fund_id, year, forecast_id) references budgets.forecast,
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme
);
create index on budgets.forecast_line (borough_id, fund_id, scheme_id);

-- Savings that are planned, and what came of them.
create table budgets.saving (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  saving_id uuid not null,
  scheme_id uuid,
  title text not null check (length(title) between 1 and 200),
  target_pence bigint not null check (target_pence > 0),
  recurrent boolean not null,
  owner text not null check (length(owner) between 1 and 200),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, year, saving_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme
);
create index on budgets.saving (borough_id, fund_id, scheme_id);
create table budgets.saving_report (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  saving_id uuid not null,
  report_id uuid not null,
  period smallint not null check (period between 1 and 13),
  achieved_pence bigint not null,
  forecast_pence bigint not null,
  note text check (length(note) between 1 and 1000),
  reported_at timestamptz not null,
  primary key (borough_id, fund_id, year, saving_id, report_id),
  foreign key (borough_id, fund_id, year, saving_id) references budgets.saving
);

-- How an overspend is to be brought back.
create table budgets.action_plan (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  action_plan_id uuid not null,
  scheme_id uuid,
  cause text not null check (length(cause) between 1 and 1000),
  actions text[] not null check (cardinality(actions) between 1 and 50),
  owner text not null check (length(owner) between 1 and 200),
  due_on date not null,
  recovers_pence bigint not null check (recovers_pence >= 0),
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, year, action_plan_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, fund_id, scheme_id) references budgets.scheme
);
create index on budgets.action_plan (borough_id, fund_id, scheme_id);

-- A fund-year's Better Care Fund plan beside its schemes and contributions, and who signed it off.
create table budgets.better_care_fund (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  version bigint not null,
  nhs_minimum_pence bigint not null check (nhs_minimum_pence >= 0),
  asc_minimum_pence bigint not null check (asc_minimum_pence >= 0),
  source text not null check (length(source) between 1 and 500),
  asc_planned_pence bigint not null check (asc_planned_pence >= 0),
  conditions jsonb not null,
  metrics jsonb not null,
  set_at timestamptz not null,
  constraint better_care_fund_once primary key (borough_id, fund_id, year),
  foreign key (borough_id, fund_id, year) references budgets.fund_year
);
create table budgets.sign_off (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  role text not null check (role in
    ('health_and_wellbeing_board', 'council_chief_executive', 'board_chief_executive', 'chief_finance_officer')),
  -- the version of the plan that was signed: another is to be signed again
  plan_version bigint not null,
  signed_on date not null,
  reference text not null check (length(reference) between 1 and 300),
  recorded_at timestamptz not null,
  client_id text not null,
  constraint signed_off_once primary key (borough_id, fund_id, year, role, plan_version),
  foreign key (borough_id, fund_id, year) references budgets.fund_year
);

-- Statutory reports and returns. A quarter of nil stands for the whole year. A number above 1 restates the one before.
create table budgets.statutory_return (
  borough_id uuid not null,
  return_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  kind text not null check (kind in ('quarterly', 'annual', 'better_care_fund_plan', 'better_care_fund')),
  quarter smallint not null check (quarter between 0 and 4),
  number smallint not null check (number between 1 and 999),
  restates_id uuid,
  restatement_reason text check (length(restatement_reason) between 1 and 500),
  narrative text check (length(narrative) between 1 and 5000),
  state text not null check (state in ('draft', 'submitted', 'approved', 'published', 'restated')),
  version bigint not null default 1,
  created_at timestamptz not null,
  client_id text not null,
  primary key (borough_id, return_id),
  constraint return_once unique (borough_id, fund_id, year, kind, quarter, number),
  constraint restated_once unique (borough_id, restates_id),
  foreign key (borough_id, fund_id, year) references budgets.fund_year,
  foreign key (borough_id, restates_id) references budgets.statutory_return,
  check ((kind = 'quarterly') <= (quarter > 0)),
  check ((kind in ('annual', 'better_care_fund_plan')) <= (quarter = 0)),
  check ((number > 1) = (restates_id is not null) and (number > 1) = (restatement_reason is not null))
);
create table budgets.return_move (
  borough_id uuid not null,
  return_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, return_id, number),
  foreign key (borough_id, return_id) references budgets.statutory_return
);
-- The figures as they stood when a return was submitted: what is approved. As text, so that the checksum stays good.
create table budgets.return_submission (
  borough_id uuid not null,
  return_id uuid not null,
  number smallint not null check (number between 1 and 999),
  figures text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  as_of timestamptz not null,
  client_id text not null,
  primary key (borough_id, return_id, number),
  foreign key (borough_id, return_id) references budgets.statutory_return
);
-- What was published. Nobody is granted update or delete: a restatement is another return with a cut of its own.
create table budgets.return_cut (
  borough_id uuid not null,
  return_id uuid not null,
  figures text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  as_of timestamptz not null,
  published_at timestamptz not null,
  client_id text not null,
  constraint published_once primary key (borough_id, return_id),
  foreign key (borough_id, return_id) references budgets.statutory_return
);

-- What the region sees of a return: its totals, once it has been approved. No words, schemes or providers.
create table budgets.region_return (
  borough_id uuid not null,
  region text not null,
  year smallint not null,
  return_id uuid not null,
  fund_id uuid not null,
  fund_kind text not null,
  section_75 boolean not null,
  kind text not null,
  quarter smallint not null,
  number smallint not null,
  state text not null check (state in ('approved', 'published', 'restated')),
  budget_pence bigint not null,
  actual_pence bigint not null,
  forecast_pence bigint,
  contributions_pence bigint not null,
  as_of timestamptz not null,
  moved_at timestamptz not null,
  primary key (borough_id, region, year, return_id),
  foreign key (borough_id, return_id) references budgets.statutory_return
);
create index on budgets.region_return (region, year);
create index on budgets.region_return (borough_id, return_id);

-- What a region calls green and amber, by version. It belongs to no borough.
create table budgets.rag_threshold (
  region text not null,
  version bigint not null check (version > 0),
  green_bp integer not null check (green_bp between 0 and 10000),
  amber_bp integer not null check (amber_bp between 0 and 10000),
  set_at timestamptz not null,
  client_id text not null,
  constraint thresholds_set_once primary key (region, version),
  check (green_bp <= amber_bp)
);

do $$
declare t text;
begin
  foreach t in array array['scheme_plan', 'forecast', 'forecast_line', 'saving', 'saving_report', 'action_plan',
                           'better_care_fund', 'sign_off', 'statutory_return', 'return_move', 'return_submission',
                           'return_cut', 'region_return'] loop
    execute format('alter table budgets.%I enable row level security', t);
    execute format('alter table budgets.%I force row level security', t);
    execute format('create policy borough on budgets.%I to budgets_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert on budgets.scheme_plan, budgets.forecast, budgets.forecast_line, budgets.saving,
  budgets.saving_report, budgets.action_plan, budgets.better_care_fund, budgets.sign_off, budgets.statutory_return,
  budgets.return_move, budgets.return_submission, budgets.return_cut, budgets.region_return to budgets_borough;
grant update (version, activity, bcf_source, area_of_spend, description, commissioner, nhs_share_bp, la_share_bp,
  provider_type, outcomes, set_at) on budgets.scheme_plan to budgets_borough;
grant update (version, nhs_minimum_pence, asc_minimum_pence, source, asc_planned_pence, conditions, metrics, set_at)
  on budgets.better_care_fund to budgets_borough;
grant update (state, version, narrative) on budgets.statutory_return to budgets_borough;
grant update (state, moved_at) on budgets.region_return to budgets_borough;

create policy region on budgets.region_return for select to budgets_region using (region = (select platform.region()));
grant select on budgets.region_return to budgets_region;
alter table budgets.rag_threshold enable row level security;
alter table budgets.rag_threshold force row level security;
create policy region on budgets.rag_threshold to budgets_region
  using (region = (select platform.region())) with check (region = (select platform.region()));
grant select, insert on budgets.rag_threshold to budgets_region;
