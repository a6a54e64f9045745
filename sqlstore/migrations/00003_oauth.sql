-- A client's id stands alone, as a token's hash does: it decides the tenant of
-- a request at a host that names none.

-- +goose Up
create table oauth_clients (
  id          KEY    not null primary key,
  tenant      bigint not null,
  name        text   not null,
  connection  KEY    not null,
  secret_hash text   not null,
  public_keys text   not null,
  created     bigint not null,
  expires     bigint not null,
  last_used   bigint not null,
  ended       bigint not null,
  seq         bigint not null
);
create index oauth_clients_seq on oauth_clients (tenant, seq);

create table oauth_tokens (
  hash    KEY    not null primary key,
  tenant  bigint not null,
  client  KEY    not null,
  expires bigint not null
);
create index oauth_tokens_expires on oauth_tokens (tenant, expires);

-- Assertions that were used, by the SHA-256 of their jti.
create table oauth_assertions (
  tenant  bigint not null,
  client  KEY    not null,
  jti     KEY    not null,
  expires bigint not null,
  primary key (tenant, client, jti)
) SLIM;
create index oauth_assertions_expires on oauth_assertions (tenant, expires);

-- +goose Down
drop table oauth_assertions;
drop table oauth_tokens;
drop table oauth_clients;
