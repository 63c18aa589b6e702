-- Files of a ledger taken in: the ledgers they are of, the files, their lines; and long work under way.

-- Long work, for whoever waits for it. What it is about is the last part of a path of the borough.
create table budgets.operation (
  borough_id uuid not null,
  operation_id uuid not null,
  kind text not null check (kind in ('ledger_import')),
  subject text not null check (length(subject) between 1 and 300),
  state text not null check (state in ('running', 'done', 'failed', 'cancelled')),
  stage text not null check (length(stage) between 1 and 60),
  done bigint not null check (done >= 0),
  total bigint not null check (total >= 0),
  -- what it failed for: kind, detail, and the rule where it is one
  problem jsonb,
  begun_at timestamptz not null,
  ended_at timestamptz,
  primary key (borough_id, operation_id)
);

-- A ledger that files are taken from, and how they are read. What a file was read by stays.
create table budgets.ledger_source (
  borough_id uuid not null,
  fund_id uuid not null,
  source_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  version bigint not null default 1,
  recorded_at timestamptz not null,
  primary key (borough_id, fund_id, source_id),
  constraint ledger_source_name unique (borough_id, fund_id, name),
  foreign key (borough_id, fund_id) references budgets.fund
);
create table budgets.ledger_source_version (
  borough_id uuid not null,
  fund_id uuid not null,
  source_id uuid not null,
  number bigint not null,
  mapping jsonb not null,
  client_id text not null,
  set_at timestamptz not null,
  primary key (borough_id, fund_id, source_id, number),
  foreign key (borough_id, fund_id, source_id) references budgets.ledger_source
);

create table budgets.import (
  borough_id uuid not null,
  fund_id uuid not null,
  import_id uuid not null,
  operation_id uuid not null,
  source_id uuid not null,
  source_version bigint not null,
  year smallint not null,
  period smallint not null,
  mode text not null check (mode in ('all_or_nothing', 'per_row')),
  file_name text not null check (length(file_name) between 1 and 200),
  state text not null check (state in ('waiting', 'reading', 'checked', 'posted', 'refused', 'cancelled', 'failed')),
  version bigint not null default 1,
  -- who sent it, and in which role: what it may post is that role's
  client_id text not null,
  role text not null,
  sha256 bytea check (length(sha256) = 32),
  bytes bigint check (bytes >= 0),
  format text check (format in ('csv', 'ndjson')),
  -- up to which row of the file its lines are kept
  rows_read bigint not null default 0,
  -- what all lines read so far move, either way
  moves_pence bigint not null default 0,
  posted bigint not null default 0,
  posted_pence bigint not null default 0,
  duplicates bigint not null default 0,
  duplicates_pence bigint not null default 0,
  faulty bigint not null default 0,
  faulty_pence bigint not null default 0,
  left_out bigint not null default 0,
  problem jsonb,
  created_at timestamptz not null,
  posted_at timestamptz,
  primary key (borough_id, fund_id, import_id),
  foreign key (borough_id, operation_id) references budgets.operation,
  foreign key (borough_id, fund_id, source_id, source_version) references budgets.ledger_source_version,
  foreign key (borough_id, fund_id, year, period) references budgets.period
);
-- A fund takes the same content once.
create unique index import_content on budgets.import (borough_id, fund_id, sha256)
  where sha256 is not null and state in ('waiting', 'reading', 'checked', 'posted');
create table budgets.import_move (
  borough_id uuid not null,
  fund_id uuid not null,
  import_id uuid not null,
  number bigint not null,
  from_state text not null,
  to_state text not null,
  reason text not null check (length(reason) between 1 and 500),
  client_id text not null,
  moved_at timestamptz not null,
  primary key (borough_id, fund_id, import_id, number),
  foreign key (borough_id, fund_id, import_id) references budgets.import
);

-- A line of a file. Its journal and its place there are fixed when it is read; a line that is ready is posted with its
-- import or not at all. Names of individuals are never in it.
create table budgets.import_line (
  borough_id uuid not null,
  fund_id uuid not null,
  import_id uuid not null,
  row bigint not null,
  -- the line of the file it begins on
  file_line bigint not null,
  state text not null check (state in ('ready', 'duplicate', 'faulty', 'left_out')),
  effective_on date,
  amount_pence bigint,
  code text,
  document_number text,
  supplier text,
  description text,
  department text,
  merchant_category text,
  account_id uuid,
  scheme_id uuid,
  party_id uuid,
  -- over what tells one line from another
  content_key uuid,
  journal_id uuid,
  posting_line smallint,
  fault_column text,
  fault text,
  remedy text,
  rule smallint,
  primary key (borough_id, fund_id, import_id, row),
  foreign key (borough_id, fund_id, import_id) references budgets.import
);
create index import_line_by_content on budgets.import_line (borough_id, fund_id, content_key) where content_key is not null;
create index import_line_not_posted on budgets.import_line (borough_id, fund_id, import_id, state, row) where state <> 'ready';

-- Imports whose file is being read, and the folder it lies in. Whoever has the folder says so now and then.
create table budgets.import_queue (
  borough_id uuid not null,
  fund_id uuid not null,
  import_id uuid not null,
  folder uuid not null,
  seen_at timestamptz not null,
  primary key (borough_id, fund_id, import_id),
  foreign key (borough_id, fund_id, import_id) references budgets.import
);

alter table budgets.journal add foreign key (borough_id, fund_id, import_id) references budgets.import not valid;
create index journal_by_import on budgets.journal (borough_id, fund_id, import_id) where import_id is not null;

do $$
declare t text;
begin
  foreach t in array array['operation', 'ledger_source', 'ledger_source_version', 'import', 'import_move', 'import_line',
                           'import_queue'] loop
    execute format('alter table budgets.%I enable row level security', t);
    execute format('alter table budgets.%I force row level security', t);
    execute format('create policy borough on budgets.%I to budgets_borough
                    using (borough_id = (select platform.borough()))
                    with check (borough_id = (select platform.borough()))', t);
  end loop;
end $$;

grant select, insert on budgets.operation, budgets.ledger_source, budgets.ledger_source_version, budgets.import,
  budgets.import_move, budgets.import_line, budgets.import_queue to budgets_borough;
grant update (state, stage, done, total, problem, ended_at) on budgets.operation to budgets_borough;
grant update (name, version) on budgets.ledger_source to budgets_borough;
grant update (state, version, sha256, bytes, format, rows_read, moves_pence, posted, posted_pence, duplicates,
  duplicates_pence, faulty, faulty_pence, left_out, problem, posted_at) on budgets.import to budgets_borough;
grant update (state, fault_column, fault, remedy, rule) on budgets.import_line to budgets_borough;
grant update (folder, seen_at), delete on budgets.import_queue to budgets_borough;

-- Who reads files sees which import of which borough waits where; to read it, it opens that borough.
create policy work on budgets.import_queue to budgets_work using (true) with check (true);
grant select, update (seen_at) on budgets.import_queue to budgets_work;
