// Scripts as their authors see them: declaring users, sending requests, reading and judging answers, and mistakes.
// Task sets and the life of a user are in task_set_test.cc; what a script must not do is in sandbox_test.cc.

#include "swarm/script/script.h"

#include <gmock/gmock.h>

#include <set>

#include "swarm/script/test_scripts.h"

namespace triggers::swarm {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// One user with one task of this body.
std::string one_task(const std::string& body) {
  return "local U = swarm.user('U')\nU:task('t', function(self)\n" + body + "\nend)\n";
}

TEST(Script, ATaskPostsJsonAndReadsTheStatusAsIfItWereBlocking) {
  ScriptRun run(one_task(R"(
    local answer = self:post("/events", {name = "POST /events", json = {id = swarm.uuid(), amount = 1.5, list = {1, 2}}})
    if answer.status ~= 201 or not answer.ok then error("no") end)"));
  EXPECT_EQ(run.until("POST /events", 20).failures, 0U);
  EXPECT_EQ(run.first_exception(), "");
  std::set<std::string> bodies;
  const auto requests = run.requests();
  for (const std::string& request : requests) {
    EXPECT_THAT(request, StartsWith("POST /events HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(request, HasSubstr(R"("amount":1.5)"));
    EXPECT_THAT(request, HasSubstr(R"("list":[1,2])"));
    bodies.insert(request.substr(request.find("\r\n\r\n")));
  }
  EXPECT_EQ(bodies.size(), requests.size());
}

TEST(Script, AnErrorCountsWithFileAndLineAndEndsOnlyItsTask) {
  ScriptRun run(R"(local U = swarm.user("U")
U:task("good", function(self) self:post("/", {name = "p"}) end)
U:task("bad", function(self)
  local nothing
  return nothing.member
end))");
  EXPECT_THAT(run.exception(), HasSubstr("load.lua:5: attempt to index local 'nothing'"));
  EXPECT_THAT(run.test().counted.exceptions().front().traceback, StartsWith("U.bad\n"));
  run.until("p", 20);
}

TEST(Script, AnUnexpectedStatusFailsAndAnExpectedOneOf400DoesNot) {
  const auto not_found = [](std::string_view, std::size_t) { return ScriptedServer::status(404); };
  {
    ScriptRun failing(one_task("self:post('/', {name = 'p', expect = {200, 204}})"), not_found);
    failing.until("p", 3);
    EXPECT_EQ(failing.test().first_failure(), "CatchResponseError('404 instead of 200 or 204')");
  }
  ScriptRun passing(one_task("self:post('/', {name = 'p', expect = 404})"), not_found);
  EXPECT_EQ(passing.until("p", 3).failures, 0U);
}

TEST(Script, ItJudgesAnAnswerItself) {
  ScriptRun run(one_task(R"(
    local answer = self:post("/", {name = "p"})
    if answer:json("more") then answer:failure("there is more") end
    self:post("/accepted", {name = "q"}):accepted(3))"));
  EXPECT_EQ(run.until("q", 3).accepted % 3, 0U);
  EXPECT_GT(run.test().entry(RequestName{"POST", "q"}).accepted, 0U);
  EXPECT_EQ(run.test().first_failure(), "CatchResponseError('there is more')");
}

TEST(Script, ItReadsHeadersBodyAndJson) {
  ScriptRun run(one_task(R"(
    local a = self:post("/", {name = "p"})
    assert(a.status == 201 and a.ms > 0 and a.error == nil)
    assert(a.body:find('"id":"7"', 1, true))
    assert(a:header("content-length") == tostring(#a.body) and a:header("none") == nil)
    assert(a:json("id") == "7" and a:json("list[0].n") == 1.5 and a:json("list[2]") == nil and a:json("id.x") == nil)
    local body = a:json()
    assert(body.more == true and #body.list == 2 and body.list[2].n == nil)
    self:post("/done", {name = "done"}))"));
  run.until("done", 2);
  EXPECT_EQ(run.first_exception(), "");
}

TEST(Script, AnAnswerIsGoneAfterTheNextRequest) {
  ScriptRun run(one_task(R"(
    local first = self:post("/", {name = "p"})
    self:post("/", {name = "p"})
    assert(first.status == 201)
    return first.body)"));
  EXPECT_THAT(run.exception(), HasSubstr("load.lua:7: this answer is gone"));
}

TEST(Script, AnUnansweredRequestHasStatus0AndAnError) {
  ScriptRun run(one_task(R"(
    local a = self:post("/", {name = "p"})
    assert(a.status == 0 and not a.ok and a.body == "" and a:json() == nil and a:header("x") == nil, a.error)
    if a.error:find("RemoteDisconnected", 1, true) then error("seen") end)"),
                [](std::string_view, std::size_t) { return ScriptedServer::Reply{.bytes = "", .close = true}; });
  EXPECT_THAT(run.exception(), HasSubstr("seen"));
  run.until("p", 1);
  EXPECT_THAT(run.test().first_failure(), StartsWith("RemoteDisconnected"));
}

TEST(Script, ItSendsEveryMethodWithQueryHeadersAndForm) {
  ScriptRun run(one_task(R"(
    self:set_header("Authorization", "Bearer one")
    self:get("/a", {query = {q = "a b&c"}, headers = {authorization = "Bearer two", ["X-Number"] = 3}})
    self:put("/b?x=1", {body = "text", query = "y=2", headers = {["Content-Type"] = "text/plain"}})
    self:patch("/c", {form = {name = "J & K"}})
    self:delete("/d")
    self:head("/e")
    self:request("REPORT", "/f")
    self:set_header("Authorization")
    self:post("/g", {name = "done"}))"),
                [](std::string_view request, std::size_t) {
                  return request.starts_with("HEAD")
                             ? ScriptedServer::Reply{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}
                             : ScriptedServer::ok();
                });
  run.until("done", 1);
  EXPECT_EQ(run.first_exception(), "");
  const auto requests = run.requests();
  ASSERT_GE(requests.size(), 7U);
  EXPECT_THAT(requests[0], StartsWith("GET /a?q=a%20b%26c HTTP/1.1"));
  EXPECT_THAT(requests[0], HasSubstr("authorization: Bearer two\r\n"));
  EXPECT_THAT(requests[0], Not(HasSubstr("Bearer one")));
  EXPECT_THAT(requests[0], HasSubstr("X-Number: 3\r\n"));
  EXPECT_THAT(requests[1], StartsWith("PUT /b?x=1&y=2 HTTP/1.1"));
  EXPECT_THAT(requests[1], HasSubstr("Content-Type: text/plain\r\nContent-Length: 4\r\n\r\ntext"));
  EXPECT_THAT(requests[2], HasSubstr("Content-Type: application/x-www-form-urlencoded\r\n"));
  EXPECT_THAT(requests[2], HasSubstr("\r\n\r\nname=J%20%26%20K"));
  EXPECT_THAT(requests[3], StartsWith("DELETE /d"));
  EXPECT_THAT(requests[4], StartsWith("HEAD /e"));
  EXPECT_THAT(requests[5], StartsWith("REPORT /f"));
  EXPECT_THAT(requests[6], Not(HasSubstr("Authorization")));
  EXPECT_EQ(run.connections(), 1U);
}

TEST(Script, ARequestHasATimeoutOfItsOwn) {
  ScriptRun run(one_task("self:post('/', {name = 'p', timeout = 0.05})"), [](std::string_view, std::size_t number) {
    if (number == 0) std::this_thread::sleep_for(std::chrono::milliseconds{300});
    return ScriptedServer::ok();
  });
  run.until("p", 1);
  EXPECT_EQ(run.test().first_failure(), "ReadTimeout('no response within 0.05 s')");
}

TEST(Script, ABatchHasItsRequestsUnderWayAtTheSameTime) {
  std::atomic<int> together = 0, most = 0;
  ScriptRun run(one_task(R"(
    local answers = self:batch{{"GET", "/a"}, {"POST", "/b", {json = {n = 1}, expect = 201}}, {"GET", "/c", {name = "c"}}}
    assert(#answers == 3 and answers[1]:json("path") == "/a" and answers[3]:json("path") == "/c")
    answers[3]:failure("not this")
    self:post("/done", {name = "done"}))"),
                [&](std::string_view request, std::size_t) {
                  most = std::max(most.load(), ++together);
                  std::this_thread::sleep_for(std::chrono::milliseconds{100});
                  --together;
                  const auto path = request.substr(request.find('/'), 2);
                  return ScriptedServer::status(201, R"({"path":")" + std::string{path} + "\"}");
                });
  run.until("done", 1);
  EXPECT_EQ(run.first_exception(), "");
  EXPECT_EQ(most, 3);
  EXPECT_EQ(run.test().first_failure(), "CatchResponseError('not this')");
  EXPECT_EQ(run.test().entry(RequestName{"GET", "/a"}).failures, 0U);
}

TEST(Script, MistakesInRequestsSayWhatIsWrong) {
  const std::pair<const char*, const char*> table[] = {
      {"self:get('x')", "a path begins with /"},
      {"self:get()", "a request needs a path"},
      {"self:get('/a b')", "a path has no blanks"},
      {"self:get('/a\\r\\nX: y')", "a path has no blanks"},
      {"self:get('/', {jsn = {}})", "a request has no option jsn"},
      {"self:get('/', {json = {}, body = 'x'})", "one of json, body and form"},
      {"self:get('/', {headers = {['a b'] = 'c'}})", "a header has no name like 'a b'"},
      {"self:get('/', {headers = {a = 'b\\r\\nc: d'}})", "the value of a header has no line ends"},
      {"self:get('/', {headers = {['content-length'] = 3}})", "swarm sets the header Content-Length itself"},
      {"self:set_header('X', 'a\\nb')", "the value of a header has no line ends"},
      {"self:get('/', {expect = 99})", "expect is a status"},
      {"self:get('/', {timeout = 0})", "timeout is a number of seconds above 0"},
      {"self:request('get', '/')", "a method in capitals"},
      {"self:batch{}", "a batch has 1 to 32 requests"},
      {"self:get('/', {json = {f = print}})", "JSON has no value like a function"},
      {"local t = {} t.t = t self:get('/', {json = t})", "does it contain itself?"},
      {"self:get('/', {json = {0/0}})", "JSON has no number like"},
      {"self:wait(-1)", "a number of seconds"},
      {"self:interrupt()", "this task is in none"},
      {"coroutine.wrap(function() self:get('/') end)()", "not in a coroutine"},
  };
  for (const auto& [body, mistake] : table) {
    ScriptRun run(one_task(body));
    const std::string said = run.exception();
    EXPECT_THAT(said, HasSubstr(mistake)) << body;
    EXPECT_THAT(said, HasSubstr("load.lua:3")) << body;
  }
}

TEST(Script, MistakesInItsDeclarationsSayWhatIsWrong) {
  const std::pair<const char*, const char*> table[] = {
      {"", "load.lua: declares no class of users"},
      {"x =", "load.lua:1: unexpected symbol"},
      {"error('no')", "load.lua:1: no"},
      {"swarm.user('U')", "U has no task"},
      {"swarm.user('a b')", "load.lua:1: a class has a name of letters"},
      {"swarm.user('U') swarm.user('U')", "load.lua:1: there is a second class or task set U"},
      {"swarm.user('U', {})", "is made from something that is no class of users"},
      {"swarm.user('U'):task('t')", "load.lua:1: the task t of U has no function"},
      {"swarm.user('U'):task(0, 't', print)", "load.lua:1: the weight of a task is a whole number"},
      {"swarm.user('U'):task({wait = 1}, 't', print)", "a task has no option wait"},
      {"local U = swarm.user('U') U:task('t', print) U:task('t', print)", "load.lua:1: U has a second task t"},
      {"local U = swarm.user('U') U:task('t', print) U.weight = 'x'", "U.weight is a number"},
      {"local U = swarm.user('U') U:task('t', print) U.wait_time = 3", "U.wait_time is a wait such as"},
      {"local U = swarm.user('U') U:task('t', print) U.fixed_count = 1.5", "U.fixed_count is a whole number"},
      {"local S = swarm.task_set('S') S:task(S) swarm.user('U'):task(S)", "the task set S contains itself"},
      {"swarm.between(2, 1)", "load.lua:1: between(): 1 is less than 2"},
      {"swarm.constant('x')", "load.lua:1: constant() needs a number"},
      {"swarm.poisson(0)", "load.lua:1: poisson() takes numbers from 1e-06"},
      {"swarm.data('none.csv')", "load.lua:1: the data file none.csv cannot be read"},
      {"swarm.option('A')", "load.lua:1: swarm.option(): a name has"},
      {"swarm.option('aa', {default = 3, max = 2})", "the default of --aa: '3' is not a number from"},
      {"swarm.user('U'):get('/')", "load.lua:1: this works only in a task"},
  };
  for (const auto& [text, mistake] : table) EXPECT_THAT(mistake_in(text), HasSubstr(mistake)) << text;
}

TEST(Script, ClassesHaveWeightsFixedCountsAndInheritedTasks) {
  ScriptRun run(R"(
    local Base = swarm.user("Base")
    Base.abstract = true
    Base:task(3, "one", function() end)
    local A = swarm.user("A", Base)
    A.weight = 2.5
    A:task("two", function() end)
    local B = swarm.user("B", Base)
    B.fixed_count = 7
    B.only_if_named = true
    B:task(5, "one", function() end))");
  ASSERT_TRUE(run.script().declare_users().ok());
  const auto classes = UserClass::all();
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0]->name(), "A");
  EXPECT_EQ(classes[0]->weight(), 2.5);
  ASSERT_EQ(classes[0]->tasks().size(), 2U);
  EXPECT_EQ(classes[0]->tasks()[0].weight, 3U);
  EXPECT_EQ(classes[1]->fixed(), 7U);
  EXPECT_TRUE(classes[1]->is_only_if_named());
  ASSERT_EQ(classes[1]->tasks().size(), 1U);
  EXPECT_EQ(classes[1]->tasks()[0].weight, 5U);
}

TEST(Script, TagsChooseTasks) {
  const std::string text = R"(
    local S = swarm.task_set("S")
    S:task("inner", function() end)
    local U = swarm.user("U")
    U:task({tags = {"read", "slow"}}, "a", function() end)
    U:task({tags = "write"}, "b", function() end)
    U:task({tags = "write"}, S)
    U:task("c", function() end))";
  const auto tasks = [&](std::vector<std::string> tags, std::vector<std::string> excluded) {
    ScriptRun run(text);
    run.script().choose_tags(std::move(tags), std::move(excluded));
    EXPECT_TRUE(run.script().declare_users().ok());
    std::string names;
    for (const auto& task : UserClass::find("U")->tasks()) names += task.name;
    return names;
  };
  EXPECT_EQ(tasks({}, {}), "abSc");
  EXPECT_EQ(tasks({"write"}, {}), "bS");
  EXPECT_EQ(tasks({"read", "write"}, {"slow"}), "bS");
  EXPECT_EQ(tasks({}, {"write"}), "ac");
}

TEST(Script, ItsOptionsHaveTypesBoundsAndValues) {
  ScriptRun run(R"(
    local size = swarm.option("batch-size", {default = 10, help = "Events of a batch", min = 1, max = 500})
    local city = swarm.option("city", {default = "Rome"})
    local quick = swarm.option("quick", {default = false})
    local U = swarm.user("U")
    U:task("t", function(self) self:post("/" .. size .. city .. tostring(quick), {name = "p"}) end))");
  auto& options = run.script().options();
  ASSERT_EQ(options.size(), 3U);
  EXPECT_EQ(options[0].set("501").error().message, "'501' is not a number from 1 to 500");
  EXPECT_FALSE(options[0].set("ten").ok());
  EXPECT_TRUE(options[0].set("42").ok());
  EXPECT_TRUE(options[2].set("true").ok());
  run.until("p", 1);
  EXPECT_EQ(run.targets().front(), "POST /42Rometrue");
}

TEST(Script, ItCountsRequestsThatSwarmHasNotSent) {
  ScriptRun run(one_task(R"(
    self:record("gRPC", "good", {ms = 12.5, bytes = 10})
    self:record("gRPC", "bad", {ms = 1, error = "refused"})
    self:wait(0.001))"));
  const Entry& good = run.until("good", 2, "gRPC");
  EXPECT_EQ(good.response_ms_max, 12.5);
  EXPECT_EQ(good.content_bytes_total, 10 * good.requests);
  EXPECT_EQ(run.test().first_failure(), "CatchResponseError('refused')");
}

TEST(Script, ChecksAndMetricsCountByName) {
  ScriptRun run(one_task(R"(
    local answer = self:post("/", {name = "p"})
    if self:check("is 201", answer.status == 201) then self:metric("list", #answer:json("list")) end
    self:check("is 500", answer.status == 500))"));
  EXPECT_EQ(run.until("p", 5).failures, 0U);
  run.stop();
  const auto& metrics = run.test().counted.metrics().all();
  EXPECT_EQ(metrics.at("is 201").mean(), 1);
  EXPECT_EQ(metrics.at("is 500").mean(), 0);
  EXPECT_EQ(metrics.at("list").least, 2);
  EXPECT_GE(metrics.at("list").count, 4U);
}

TEST(Script, FailEndsTheTaskAndCountsAsAnException) {
  ScriptRun run(one_task("self:fail('not today')\nself:post('/', {name = 'never'})"));
  EXPECT_EQ(run.exception(), "load.lua:3: not today");
  EXPECT_EQ(run.requests().size(), 0U);
}

TEST(Script, NamesWithoutEndCountTogether) {
  ScriptRun run(one_task("self.n = (self.n or 0) + 1\nself:post('/' .. self.n)"));
  run.until("(other names)", 10);
}

TEST(Script, HelpersHashEncodeAndDraw) {
  ScriptRun run(one_task(R"(
    assert(swarm.hash("md5", "") == "d41d8cd98f00b204e9800998ecf8427e")
    assert(swarm.hash("sha256", "abc"):sub(1, 8) == "ba7816bf" and #swarm.hash("sha256", "abc", true) == 32)
    assert(swarm.hmac("sha256", "key", "The quick brown fox jumps over the lazy dog"):sub(1, 8) == "f7bc83f4")
    assert(swarm.base64_encode("any carnal pleas") == "YW55IGNhcm5hbCBwbGVhcw==")
    assert(swarm.base64_decode("YW55IGNhcm5hbCBwbGVhcw==") == "any carnal pleas" and swarm.base64_decode("!") == nil)
    assert(swarm.hex("\1\255") == "01ff" and swarm.url_encode("a b/c") == "a%20b%2Fc")
    assert(swarm.uuid():match("^%x+%-%x+%-4%x%x%x%-[89ab]%x%x%x%-%x+$") and swarm.uuid() ~= swarm.uuid())
    assert(math.abs(swarm.time() - os.time()) < 2)
    for _ = 1, 100 do
      local n, u = swarm.random(3, 5), swarm.uniform(1, 2)
      assert(n % 1 == 0 and n >= 3 and n <= 5 and u >= 1 and u < 2 and math.random(2) <= 2)
      assert(({a = 1, b = 1})[swarm.choice({"a", "b"})])
    end
    assert(swarm.to_json({a = swarm.array({}), b = swarm.null, c = "\n\"ä"}):find('"a":[]', 1, true))
    assert(swarm.from_json("[1,null]")[2] == swarm.null and swarm.from_json("{") == nil)
    assert(swarm.env.HOME == os.getenv or swarm.env.SURELY_NOT_SET == nil)
    self:post("/", {name = "done"}))"));
  run.until("done", 1);
  EXPECT_EQ(run.first_exception(), "");
}

}  // namespace
}  // namespace triggers::swarm
