-- Provisioning: what an application knows of people on both sides, its plans
-- and its log. Tenant and application come first in every key. Columns that
-- are read without the long texts stand before them.

-- +goose Up
create table app_state (
  tenant      bigint not null,
  app         KEY    not null,
  next_run    bigint not null,
  watched     bigint not null default 0, -- the tenant's last change that it has seen
  lease_owner KEY    not null,
  lease_until bigint not null,
  state       text   not null,
  primary key (tenant, app)
) SLIM;
create index app_state_due on app_state (next_run) where next_run > 0;
create index app_state_watched on app_state (tenant) where watched > 0;
create index app_state_leased on app_state (lease_until) where lease_owner <> '';

-- One row for each object of the source. ref_key and name_key are null where
-- they would repeat the anchor: an index entry more costs a page of its own.
create table app_objects (
  tenant     bigint  not null,
  app        KEY     not null,
  type       KEY     not null,
  anchor     KEY     not null,
  ref_key    KEY,
  name_key   KEY,
  seen       bigint  not null,
  gone       boolean not null,
  dirty      boolean not null,
  in_scope   boolean not null default false,
  assigned   bigint  not null default 0,
  target     KEY     not null default '',
  linked     bigint  not null default 0,
  met        bigint  not null default 0,
  left_at    bigint  not null default 0,
  failures   bigint  not null default 0,
  retry      bigint  not null default 0,
  ref        text    not null,
  name       text    not null,
  faulty     text    not null,
  via        text    not null default '',
  why        text    not null default '',
  matched    text    not null default '',
  version    text    not null default '',
  held       text    not null default '',
  error      text    not null default '',
  attributes text    not null,
  written    text    not null default '',
  primary key (tenant, app, type, anchor)
);
create index app_objects_ref on app_objects (tenant, app, ref_key) where ref_key is not null;
create index app_objects_name on app_objects (tenant, app, name_key) where name_key is not null;
create index app_objects_target on app_objects (tenant, app, type, target) where target <> '';
create index app_objects_dirty on app_objects (tenant, app, type, anchor) where dirty = true;
create index app_objects_escrow on app_objects (tenant, app, retry) where retry > 0;
create index app_objects_left on app_objects (tenant, app, left_at) where left_at > 0;
create index app_objects_scope on app_objects (tenant, app, in_scope, gone);

-- Who waits for an object that is not linked yet, by what it is called.
create table app_waiting (
  tenant  bigint not null,
  app     KEY    not null,
  type    KEY    not null,
  anchor  KEY    not null,
  ref_key KEY    not null,
  primary key (tenant, app, type, anchor, ref_key)
) SLIM;
create index app_waiting_ref on app_waiting (tenant, app, ref_key, type, anchor);

-- What is at the target and linked to nothing.
create table app_targets (
  tenant bigint not null,
  app    KEY    not null,
  type   KEY    not null,
  id     KEY    not null,
  seen   bigint not null,
  name   text   not null,
  keys   text   not null,       -- JSON: as in app_target_keys
  doc    text   not null,
  primary key (tenant, app, type, id)
);
create index app_targets_seen on app_targets (tenant, app, seen);

create table app_target_keys (
  tenant bigint not null,
  app    KEY    not null,
  type   KEY    not null,
  path   KEY    not null,
  value  KEY    not null,
  id     KEY    not null,
  primary key (tenant, app, type, path, value, id)
) SLIM;
create index app_target_keys_id on app_target_keys (tenant, app, type, id);

create table app_cycles (
  tenant bigint not null,
  app    KEY    not null,
  number bigint not null,
  ended  bigint not null,
  doc    text   not null,       -- JSON: the cycle
  primary key (tenant, app, number)
);

-- Operations of plans; with a time they are the provisioning log.
create table app_ops (
  tenant   bigint not null,
  app      KEY    not null,
  cycle    bigint not null,
  number   bigint not null,
  state    KEY    not null,
  action   KEY    not null,
  losing   KEY    not null,
  loss     bigint not null,
  time     bigint not null,
  status   KEY    not null,
  type     KEY    not null,
  anchor   KEY    not null,
  name_key KEY    not null,
  target   KEY    not null,
  phase    bigint not null,
  duration bigint not null,
  is_last  boolean not null,
  name     text   not null,
  guard    text   not null,
  why      text   not null,
  method   text   not null,
  code     text   not null,
  message  text   not null,
  body     text   not null,
  diff     text   not null,
  written  text   not null,
  detail   text   not null,
  primary key (tenant, app, cycle, number)
);
create index app_ops_state on app_ops (tenant, app, cycle, state, number, action, losing, loss);
create index app_ops_open on app_ops (tenant, app, cycle, number) where state in ('planned', 'staged');
create index app_ops_time on app_ops (tenant, app, time, cycle, number) where time > 0;
create index app_ops_failed on app_ops (tenant, app, time, cycle, number) where time > 0 and status = 'failure';
create index app_ops_losing on app_ops (tenant, app, losing, time) where time > 0 and losing <> '';
create index app_ops_anchor on app_ops (tenant, app, anchor) where time > 0;
create index app_ops_name on app_ops (tenant, app, name_key) where time > 0 and name_key <> '';
create index app_ops_target on app_ops (tenant, app, target) where time > 0 and target <> '';

-- +goose Down
drop table app_ops;
drop table app_cycles;
drop table app_target_keys;
drop table app_targets;
drop table app_waiting;
drop table app_objects;
drop table app_state;
