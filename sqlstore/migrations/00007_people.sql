-- What the console asks of people. words has a row for each word by which
-- somebody is searched, in the order of shown names; what is searched for is
-- the beginning of a word. Rows that were there before are filled in by fill.go.

-- +goose Up
alter table users add column owner KEY not null default '';  -- the connection that owns the attributes
alter table users add column shown_key KEY;                  -- folded name that people see
alter table users add column words text not null default ''; -- the words of the rows, each followed by a blank
create index users_shown on users (tenant, shown_key, id) where removed_at = 0;
create index users_by_hand on users (tenant, id) where owner = '' and state < 3;
create index users_inactive on users (tenant, id) where state = 2;

create table words (
  tenant  bigint not null,
  word    KEY    not null,
  shown   KEY    not null,
  user_id KEY    not null,
  primary key (tenant, word, shown, user_id)
) SLIM;

-- Unmatched people whom an admin left as they are, knowingly.
create table left_alone (
  tenant  bigint not null,
  user_id KEY    not null,
  at      bigint not null,
  actor   text   not null,
  primary key (tenant, user_id)
) SLIM;

-- The day on which an other name of a group or team last matched.
create table name_uses (
  tenant bigint not null,
  object KEY    not null,
  name   KEY    not null,
  day    bigint not null,
  primary key (tenant, object, name)
) SLIM;

-- Long work, and each person that it is about.
create table tasks (
  tenant   bigint not null,
  id       KEY    not null,
  kind     text   not null,
  argument text   not null,
  title    text   not null,
  actor    text   not null,
  worker   text   not null,
  state    text   not null,
  started  bigint not null,
  beat     bigint not null, -- the last sign of life
  ended    bigint not null,
  total    bigint not null,
  done     bigint not null,
  problems bigint not null,
  error    text   not null,
  primary key (tenant, id)
) SLIM;
create index tasks_started on tasks (tenant, started);

create table task_people (
  tenant  bigint   not null,
  task    KEY      not null,
  user_id KEY      not null,
  outcome smallint not null, -- 0 waits, 1 done, 2 a problem, 3 nothing to do
  detail  text     not null,
  primary key (tenant, task, user_id)
) SLIM;
create index task_people_outcome on task_people (tenant, task, outcome, user_id);
create index task_people_user on task_people (tenant, user_id);

-- Where filling in has come to; the row goes when it is done.
create table fills (
  name   KEY    not null primary key,
  tenant bigint not null,
  walked KEY    not null
);
insert into fills (name, tenant, walked) select 'people', 0, '' from (select 1 as one) x where exists (select 1 from users);

-- +goose Down
drop table fills;
drop table task_people;
drop table tasks;
drop table name_uses;
drop table left_alone;
drop table words;
drop index users_inactive;
drop index users_by_hand;
drop index users_shown;
alter table users drop column words;
alter table users drop column shown_key;
alter table users drop column owner;
