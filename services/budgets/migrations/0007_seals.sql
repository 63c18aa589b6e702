-- Seals of closed periods: what was in them, as hashes in one chain a borough, signed by a key that is not in here.

-- Anybody reads the heads of a borough's chain, which are hashes, and no money.
select platform.make_login('budgets', 'public');

-- Closed periods that have no seal yet. Work sees which; the seal is made in an ordinary transaction of the borough,
-- which takes the row away. While it is there the period is not reopened.
create table budgets.seal_due (
  borough_id uuid not null,
  fund_id uuid not null,
  year smallint not null,
  period smallint not null,
  -- the move that closed it
  closing bigint not null,
  primary key (borough_id, fund_id, year, period),
  foreign key (borough_id, fund_id, year, period, closing) references budgets.period_move
);

-- Append-only: reclosing makes another seal, and the ones before stay.
create table budgets.period_seal (
  borough_id uuid not null,
  -- its place in the borough's chain, from 1 without a gap
  position bigint not null check (position > 0),
  fund_id uuid not null,
  year smallint not null,
  period smallint not null,
  closing bigint not null,
  accounts bigint not null check (accounts >= 0),
  journals bigint not null check (journals >= 0),
  postings bigint not null check (postings >= 0),
  budget_pence bigint not null check (budget_pence >= 0),
  committed_pence bigint not null check (committed_pence >= 0),
  actual_pence bigint not null check (actual_pence >= 0),
  root bytea not null check (length(root) = 32),
  content bytea not null check (length(content) = 32),
  previous bytea not null check (length(previous) = 32),
  head bytea not null check (length(head) = 32),
  sealed_at timestamptz not null,
  key_id text not null check (length(key_id) = 43),
  public_key bytea not null check (length(public_key) = 32),
  signature bytea not null check (length(signature) = 64),
  primary key (borough_id, position),
  constraint period_sealed_once unique (borough_id, fund_id, year, period, closing),
  -- a chain does not fork
  constraint seal_followed_once unique (borough_id, previous),
  foreign key (borough_id, fund_id, year, period, closing) references budgets.period_move
);

-- What each account had in it: the leaves under the seal's root, in the order of their codes' bytes.
create table budgets.period_seal_account (
  borough_id uuid not null,
  position bigint not null,
  place bigint not null check (place >= 0),
  account text not null,
  postings bigint not null check (postings > 0),
  budget_debits_pence bigint not null,
  budget_credits_pence bigint not null,
  committed_debits_pence bigint not null,
  committed_credits_pence bigint not null,
  actual_debits_pence bigint not null,
  actual_credits_pence bigint not null,
  hash bytea not null check (length(hash) = 32),
  primary key (borough_id, position, place),
  foreign key (borough_id, position) references budgets.period_seal
);

-- What was closed before there were seals.
alter table budgets.period no force row level security;
alter table budgets.period_move no force row level security;
insert into budgets.seal_due (borough_id, fund_id, year, period, closing)
select borough_id, fund_id, year, period, max(m.number)
from budgets.period p join budgets.period_move m using (borough_id, fund_id, year, period)
where p.state = 'closed' and m.to_state = 'closed'
group by 1, 2, 3, 4;
alter table budgets.period force row level security;
alter table budgets.period_move force row level security;

do $$
declare t text;
begin
  foreach t in array array['seal_due', 'period_seal', 'period_seal_account'] loop
    execute format('alter table budgets.%I enable row level security', t);
    execute format('alter table budgets.%I force row level security', t);
    execute format('create policy borough on budgets.%I to budgets_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert, delete on budgets.seal_due to budgets_borough;
grant select, insert on budgets.period_seal, budgets.period_seal_account to budgets_borough;

create policy work on budgets.seal_due for select to budgets_work using (true);
grant select on budgets.seal_due to budgets_work;
-- Which boroughs there are, for what is done for each of them.
create policy work on budgets.borough for select to budgets_work using (true);
grant select (borough_id, slug, region) on budgets.borough to budgets_work;

-- A sandbox is in no region, and nobody's public record.
create policy public on budgets.borough for select to budgets_public using (region is not null);
grant select (borough_id, slug, gss, region) on budgets.borough to budgets_public;
create policy public on budgets.period_seal for select to budgets_public
  using (borough_id = (select platform.borough())
    and exists (select from budgets.borough b where b.borough_id = (select platform.borough())));
grant select (borough_id, position, fund_id, year, period, closing, content, previous, head, sealed_at, key_id, public_key, signature)
  on budgets.period_seal to budgets_public;

-- A borough's ledger is verified as the borough: it may look at what the region is told of it.
grant select on budgets.region_position to budgets_borough;
