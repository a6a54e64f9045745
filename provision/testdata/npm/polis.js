// The directory sync of Polis (SAML Jackson), with a directory in memory. It
// tells its address on standard output, and ends when standard input does.
// Beside SCIM it answers who the members of a group are, which Polis tells its
// own clients and no identity provider.
"use strict";

if (Number.parseInt(process.versions.node) < 20) {
  console.log(JSON.stringify({ skip: "it needs Node.js 20 or later" }));
  process.exit();
}

const express = require("express");
const jackson = require("@boxyhq/saml-jackson").default;

const quiet = { info() {}, warn: console.error, error: console.error };

async function main() {
  const app = express();
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  const { directorySyncController: sync } = await jackson({
    externalUrl: address,
    samlPath: "/saml",
    scimPath: "/scim",
    db: { engine: "mem" },
    noAnalytics: true,
    logger: quiet,
  });
  const { data: directory, error } = await sync.directories.create({
    tenant: "contoso.test", product: "acme", name: "contoso", type: "generic-scim-v2",
  });
  if (error) throw error;

  app.use(express.json({ type: ["application/json", "application/scim+json"] }));
  app.all("/scim/:directory/:type/:id?", async (request, response) => {
    const { filter, startIndex, count } = request.query;
    try {
      const { status, data } = await sync.requests.handle({
        method: request.method,
        body: request.body,
        directoryId: request.params.directory,
        resourceType: request.params.type,
        resourceId: request.params.id,
        apiSecret: (request.header("Authorization") ?? "").replace(/^Bearer /, ""),
        query: { filter, startIndex: startIndex && Number(startIndex), count: count && Number(count) },
      }, async () => {});
      response.status(status).json(data);
    } catch (fault) {
      response.status(500).json({ detail: fault.message });
    }
  });
  app.get("/members/:group", async (request, response) => {
    sync.groups.setTenantAndProduct(directory.tenant, directory.product);
    const { data } = await sync.groups.getGroupMembers({ groupId: request.params.group, pageOffset: 0, pageLimit: 50 });
    response.json(data.map((member) => member.user_id));
  });
  console.log(JSON.stringify({
    url: `${address}/scim/${directory.id}`, token: directory.scim.secret, members: `${address}/members/`,
  }));
}

process.stdin.on("end", () => process.exit()).resume();
main().catch((fault) => {
  console.error(fault);
  process.exit(1);
});
