// What a script must not do, and what ends it: endless loops, memory, files and compiled code.

#include <gmock/gmock.h>

#include "swarm/script/lua_state.h"
#include "swarm/script/test_scripts.h"

namespace triggers::swarm {
namespace {

using testing::HasSubstr;

std::string task_of(const std::string& body) {
  return "local U = swarm.user('U')\nU:task(50, 'good', function(self) self:post('/', {name = 'p'}) end)\n"
         "U:task('bad', function(self)\n" +
         body + "\nend)\n";
}

TEST(Sandbox, EndlessLoopsAreFoundWithTheirLineAndOthersGoOn) {
  for (const char* const body : {"local n = 0\nwhile true do n = n + 1 end", "self.n = 0\nrepeat until false",
                                 "self.n = 0\nwhile true do pcall(function() while true do end end) end",
                                 "local function f() return f() end\nreturn f()",
                                 "self.n = 0\ncoroutine.wrap(function() while true do end end)()"}) {
    ScriptRun run(task_of(body));
    const std::string said = run.exception();
    EXPECT_THAT(said, HasSubstr("endless loop: this ran for over 1 s")) << body;
    EXPECT_TRUE(said.starts_with("load.lua:5: ") || said.starts_with("load.lua:4: ")) << said;
    run.until("p", 5);
  }
}

TEST(Sandbox, AnEndlessLoopWhileTheFileIsLoadedIsFound) {
  EXPECT_THAT(mistake_in("local x = 1\nwhile true do x = x + 1 end"), HasSubstr("load.lua:2: endless loop"));
}

TEST(Sandbox, AnEndlessWaitTimeIsFound) {
  ScriptRun run(R"(local U = swarm.user("U")
    U.wait_time = function() while true do end end
    U:task("t", function(self) self:post("/") end))");
  EXPECT_THAT(run.exception(), HasSubstr("load.lua:2: endless loop"));
}

TEST(Sandbox, MemoryHasALimitAndTheNextTaskHasItAgain) {
  ScriptRun run(task_of("self.n = string.rep('x', 2^29) .. string.rep('y', 2^29)"));
  EXPECT_THAT(run.exception(), HasSubstr("not enough memory"));
  run.until("p", 5);
}

TEST(Sandbox, NothingReachesFilesProcessesOrCompiledCode) {
  for (const char* const name :
       {"io",         "debug",          "ffi",         "jit",          "package",
        "require",    "module",         "dofile",      "loadfile",     "load",
        "loadstring", "collectgarbage", "newproxy",    "getfenv",      "setfenv",
        "os.execute", "os.getenv",      "os.remove",   "os.rename",    "os.exit",
        "os.tmpname", "os.setlocale",   "string.dump", "swarm.client", "getmetatable(swarm.env).missing"}) {
    EXPECT_THAT(mistake_in("error('it is ' .. type(" + std::string{name} + "))"), HasSubstr("it is nil")) << name;
  }
  EXPECT_THAT(mistake_in("\x1bLJ"), HasSubstr("is compiled code"));
}

TEST(Sandbox, DataFilesAreThoseOfTheScriptsFolder) {
  for (const char* const path : {"/etc/passwd", "../../../etc/passwd", "/proc/self/environ", "."}) {
    const std::string said = mistake_in("swarm.data('" + std::string{path} + "')");
    EXPECT_TRUE(said.find("is not in the script's folder") != std::string::npos ||
                said.find("is not a .csv") != std::string::npos || said.find("cannot be read") != std::string::npos)
        << said;
  }
}

TEST(Sandbox, AFileWithOtherClassesEachTimeIsRefusedOnItsThread) {
  ScriptRun run(R"(local U = swarm.user("U")
    for i = 1, swarm.random(1, 1000000) % 1000 + 1 do U:task("t" .. i, function(self) self:wait(0.001) end) end)");
  EXPECT_THAT(run.exception(), HasSubstr("load.lua: declares other classes or tasks each time"));
}

}  // namespace
}  // namespace triggers::swarm
