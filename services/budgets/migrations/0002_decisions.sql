-- Decisions of committees, the journals they moved, and what was posted without one.

-- A fact of governance: a decision in effect from a day on. It never changes.
create table budgets.decision (
  borough_id uuid not null,
  decision_id uuid not null,
  fund_id uuid not null,
  committee_id uuid not null,
  amount_pence bigint not null check (amount_pence >= 0),
  title text not null,
  proposal_id uuid,
  effective_on date not null,
  primary key (borough_id, decision_id),
  unique (borough_id, fund_id, decision_id)
);

-- A limit may be of one fund, and of spending only; others are of every fund and kind that has none of its own.
alter table budgets.delegation add column fund_id uuid, add column kind text;

-- The one journal a decision moved money by, which is of the decision's fund.
create table budgets.decision_spend (
  borough_id uuid not null,
  decision_id uuid not null,
  fund_id uuid not null,
  journal_id uuid not null,
  spent_at timestamptz not null,
  constraint decision_spent_once primary key (borough_id, decision_id),
  unique (borough_id, fund_id, journal_id),
  foreign key (borough_id, fund_id, decision_id) references budgets.decision (borough_id, fund_id, decision_id),
  foreign key (borough_id, fund_id, journal_id) references budgets.journal
);

-- What a role posted on its own where a limit was in force, by scheme and layer. The nil id stands for "no scheme".
create table budgets.posted_on_own (
  borough_id uuid not null,
  fund_id uuid not null,
  journal_id uuid not null,
  scheme_id uuid not null,
  layer text not null,
  role text not null,
  posted_on date not null,
  size_pence bigint not null check (size_pence > 0),
  primary key (borough_id, fund_id, journal_id, scheme_id, layer),
  foreign key (borough_id, fund_id, journal_id) references budgets.journal
);
create index on budgets.posted_on_own (borough_id, fund_id, role, scheme_id, posted_on);

-- Journals, each within the limit, that are together above it; told under the journal that took them there.
create table budgets.split_warning (
  borough_id uuid not null,
  fund_id uuid not null,
  journal_id uuid not null,
  scheme_id uuid not null,
  role text not null,
  sum_pence bigint not null,
  limit_pence bigint not null,
  journals uuid[] not null check (cardinality(journals) between 2 and 100),
  raised_at timestamptz not null,
  primary key (borough_id, fund_id, journal_id, scheme_id),
  foreign key (borough_id, fund_id, journal_id) references budgets.journal
);

do $$
declare t text;
begin
  foreach t in array array['decision', 'decision_spend', 'posted_on_own', 'split_warning'] loop
    execute format('alter table budgets.%I enable row level security', t);
    execute format('alter table budgets.%I force row level security', t);
    execute format('create policy borough on budgets.%I to budgets_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert on budgets.decision, budgets.decision_spend, budgets.posted_on_own, budgets.split_warning
  to budgets_borough;

-- Governance hears of funds from now on; this tells it of those that are there.
alter table budgets.fund no force row level security;
alter table platform.outbox no force row level security;
insert into platform.outbox (borough_id, event_id, service, kind, aggregate, payload, at)
select borough_id, gen_random_uuid(), 'budgets', 'fund-recorded.v1', 'fund/' || fund_id,
  jsonb_build_object('fund_id', fund_id, 'name', name, 'kind', kind), now()
from budgets.fund order by fund_id;
alter table platform.outbox force row level security;
alter table budgets.fund force row level security;
