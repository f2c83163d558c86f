// A client whose types come from openapi.json. It is compiled with --strict, so a type that the document has wrong fails the
// build; then it runs against a server, so an answer that the document has wrong fails the run.
import type { components, paths } from "./triggers";

declare const process: { env: Record<string, string | undefined> };

type Schemas = components["schemas"];
type Event = Schemas["Event"];
type Page = Schemas["InboxPage"];
type BatchBody = paths["/events/batch"]["post"]["requestBody"]["content"]["application/json"];
type Refused = Schemas["Error"];
type Query = NonNullable<paths["/inbox"]["get"]["parameters"]["query"]>;

interface Answer<T> {
  status: number;
  body: T;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  const headers: Record<string, string> = { Authorization: `Bearer ${process.env.TRIGGERS_API_KEY}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? null : JSON.stringify(body);
  const answer = await fetch(process.env.TRIGGERS_URL + path, { method, headers, body: sent });
  const text = await answer.text();
  return { status: answer.status, body: (text === "" ? undefined : JSON.parse(text)) as T };
}

function expect(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new Error(`not so: ${claim}`);
}

function inbox(query: Query): Promise<Answer<Page>> {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return call<Page>("GET", `/inbox?${text}`);
}

async function sendsAndReads(): Promise<string> {
  const event: Event = {
    event_type: "order.paid",
    payload: { order: 42, total: 1.5, lines: [{ sku: "a" }], paid: true, note: null },
    source: "shop",
    metadata: { trace: "a1" },
  };
  const accepted = await call<Schemas["Accepted"]>("POST", "/events", event);
  expect(accepted.status === 201 && accepted.body.status === "accepted", "an event is accepted");
  const page = await inbox({ limit: 10, event_type: "order.paid", order: "desc" });
  const [first] = page.body.events;
  expect(first !== undefined && first.id === accepted.body.event_id && first.event_id === first.id, "it is in the inbox");
  const order: unknown = first.payload["order"];
  expect(order === 42 && first.metadata?.["trace"] === "a1" && first.source === "shop", "as it was sent");
  return accepted.body.event_id;
}

async function sendsBatches(): Promise<void> {
  const batch: BatchBody = [
    { event_type: "user.created", payload: { user: 1 } },
    { event_type: "", payload: {} },
  ];
  const mixed = await call<Schemas["BatchResult"]>("POST", "/events/batch", batch);
  expect(mixed.status === 200 && mixed.body.accepted === 1 && mixed.body.failed === 1, "one of two is accepted");
  for (const result of mixed.body.results) {
    if (result.status === "error") {
      expect(result.error_code === "VALIDATION_ERROR" && result.details["field"] === "event_type", "the error says which");
    } else {
      expect(result.event_id.length === 36, "the other has an id");
    }
  }
  const failed = await call<Schemas["BatchResult"]>("POST", "/events/batch", [batch[1]]);
  expect(failed.status === 422 && failed.body.failed === 1, "a batch that failed whole is 422");
}

async function followsTheInbox(): Promise<void> {
  const seen = new Set<string>();
  let cursor: string | null = null;
  for (let round = 0; round < 3; ++round) {
    await call("POST", "/events", { event_type: "tick", payload: { round } } satisfies Event);
    for (let more = true; more; ) {
      const query: Query = cursor === null ? { limit: 2 } : { limit: 2, cursor };
      const page: Answer<Page> = await inbox(query);
      for (const event of page.body.events) {
        expect(!seen.has(event.id), "no event comes twice");
        seen.add(event.id);
      }
      cursor = page.body.pagination.next_cursor;
      more = page.body.pagination.has_more;
    }
    expect(cursor !== null, "there is a place to go on from");
  }
  const whole = await inbox({ limit: 200 });
  expect(whole.body.pagination.total_undelivered === seen.size, "all of it was seen");
}

async function acknowledges(id: string): Promise<void> {
  const body: Schemas["AckRequest"] = { event_ids: [id] };
  const acked = await call<Schemas["AckResult"]>("POST", "/inbox/ack", body);
  expect(acked.body.results[0]?.status === "acknowledged", "it is acknowledged");
  const event = await call<Schemas["EventDetail"]>("GET", `/events/${id}`);
  expect(event.body.delivered && event.body.delivered_at !== null, "it is delivered");
  const unknown = await call<Refused>("GET", "/events/01a20bbb-7022-7d01-8d91-44c476987c33");
  expect(unknown.status === 404 && unknown.body.error_code === "NOT_FOUND", "another is not there");
}

async function knowsItsKey(): Promise<void> {
  const me = await call<Schemas["Me"]>("GET", "/me");
  expect(me.status === 200 && me.body.role === "creator" && me.body.user_id !== "", "the key is known");
  const left: number | null = me.body.rate_limit_remaining;
  expect(left === null || left >= 0, "what is left is a number, or nothing to count");
  expect(me.body.limits.batch_events === 500, "the limits are told");
}

const id = await sendsAndReads();
await sendsBatches();
await followsTheInbox();
await acknowledges(id);
await knowsItsKey();
console.log("ok");
