create table visits (at timestamptz not null default now());
