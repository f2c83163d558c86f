#include "swarm/report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "swarm/report/html_tables.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class HtmlReport : public ::testing::Test {
 protected:
  HtmlReport() {
    report_.host = "http://localhost:8000";
    report_.user_classes = {"TriggersAPIUser"};
    report_.users = {1};
    report_.users_wanted = 1;
    report_.started = 1000;
    report_.ended = 1010;
    report_.statistics = &statistics_;
    report_.history = &history_;
  }

  void request(const RequestName name, std::chrono::nanoseconds latency, std::uint32_t accepted = 0) {
    Statistics newer;
    newer.record(name, {.latency = latency, .finished = 1010, .accepted = accepted});
    statistics_.merge(newer);
    history_.add(1000 + static_cast<double>(history_.points().size()), 1, 1, newer.aggregated());
  }

  Statistics statistics_{1000};
  History history_;
  RunReport report_;
};

constexpr std::string_view hostile = "<script>alert(\"x\")</script>\x01\xff & more";

TEST_F(HtmlReport, TextsOfServersStayText) {
  statistics_.record_failure(RequestName("GET", "GET /<b>"), std::string(hostile), 1001);
  statistics_.record_exception(std::string(hostile), std::string(hostile));
  report_.warnings = {std::string(hostile)};
  report_.host = "http://<i>";
  report_.user_classes = {"<u>"};
  const std::string page = render_html(report_);
  for (const char* const raw : {"<script>alert", "<b>\"", "GET /<b>", "<i>", "<u>", "\x01"}) {
    EXPECT_THAT(page, Not(HasSubstr(raw)));
  }
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;\uFFFD\uFFFD &amp; more"));
  EXPECT_FALSE(find_invalid_utf8(page));
}

TEST_F(HtmlReport, LoadsNothing) {
  request(RequestName("GET", "GET /inbox"), 5ms);
  const std::string page = render_html(report_);
  for (const char* const loading : {" src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest"}) {
    EXPECT_THAT(page, Not(HasSubstr(loading)));
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST_F(HtmlReport, ShowsExactPercentilesNotLocusts) {
  const RequestName name("GET", "GET /inbox");
  for (int i = 0; i < 100; ++i) request(name, 1536us);  // Locust's files say 2
  const std::string page = render_html(report_);
  EXPECT_THAT(page, HasSubstr("<td>1.54</td>"));
  EXPECT_THAT(page, HasSubstr("<dd>1.54 ms</dd>"));
}

TEST_F(HtmlReport, AnEmptyTestIsReportedAsEmpty) {
  const std::string page = render_html(report_);
  EXPECT_THAT(page, HasSubstr("No request was finished."));
  EXPECT_THAT(page, HasSubstr("nothing was measured"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_THAT(page, Not(HasSubstr("inf")));
}

TEST_F(HtmlReport, TellsHowTheScheduleOfAnOpenModelWasKept) {
  request(RequestName("GET", "GET /inbox"), 5ms);
  EXPECT_THAT(render_html(report_), Not(HasSubstr("<dt>Schedule</dt>")));
  report_.rate = 1000;
  report_.schedule = {.arrivals = 9990,
                      .waited_for_user = 70,
                      .behind = 20,
                      .unsent = 10,
                      .unsent_without_user = 8,
                      .unfinished = 3,
                      .lateness = {},
                      .own_lateness = {},
                      .unsent_ages = {}};
  EXPECT_THAT(
      render_html(report_),
      HasSubstr("9\u202f900 of 10\u202f000 tasks begun on time (99 %); 70 waited for a free user; 20 over 10 ms late "
                "because of the generator; 8 never sent because no user was free; 2 due at the end and not sent; 3 cut "
                "off at the end"));
}

TEST_F(HtmlReport, SaysWhatStalledAtTheEnd) {
  const RequestName posts("POST", "POST /events");
  for (int i = 0; i < 6; ++i) request(posts, 5ms, 1);
  statistics_.record_cut_off(posts, 900ms);
  EXPECT_THAT(render_html(report_), Not(HasSubstr("Stalled at the end")));
  report_.rate = 1;
  statistics_.record_cut_off(posts, 4s);
  EXPECT_THAT(render_html(report_),
              HasSubstr("<dt>Stalled at the end</dt><dd>1 request waited over 1 s for a response; "
                        "with 1 missing responses the error rate is 14.3 %</dd>"));
}

TEST_F(HtmlReport, WarningsStandBeforeTheFigures) {
  report_.warnings = {"the generator was the bottleneck"};
  const std::string page = render_html(report_);
  const auto warning = page.find("<li>The generator was the bottleneck.</li>");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_LT(warning, page.find("class=\"figures\""));
}

TEST_F(HtmlReport, ManyNamesAndErrorsAreCutToTheMostFrequentAndItIsSaid) {
  const RequestName busy("GET", "busy");
  for (int i = 0; i < 3; ++i) statistics_.record(busy, {.latency = 1ms, .finished = 1001});
  for (int i = 0; i < 500; ++i) {
    const RequestName name("GET", "name " + std::to_string(i));
    statistics_.record(name, {.latency = 1ms, .finished = 1001, .failed = true});
    statistics_.record_failure(name, std::string(5000, '<'), 1001);
  }
  statistics_.record_failure(busy, "frequent", 1001);
  statistics_.record_failure(busy, "frequent", 1001);
  const std::string page = render_html(report_);
  EXPECT_LT(page.size(), 300'000U);
  EXPECT_THAT(page, HasSubstr("the 50 most frequent of 501"));
  EXPECT_THAT(page, HasSubstr(">frequent</td>"));
  EXPECT_THAT(page, HasSubstr(">busy</td>"));
}

TEST_F(HtmlReport, ALongTestMakesNoLargerPage) {
  const RequestName name("POST", "POST /events");
  Statistics newer;
  newer.record(name, {.latency = 1234us, .finished = 1010, .accepted = 1});
  const Entry second = newer.aggregated();
  statistics_.merge(newer);
  for (int i = 0; i < 9000; ++i) history_.add(1000.0 + 20 * i, 20, 1, second);  // 50 hours
  EXPECT_LT(render_html(report_).size(), 200'000U);
}

TEST_F(HtmlReport, TheInstantAtTheEndIsNoPeak) {
  const RequestName name("GET", "GET /inbox");
  for (int i = 0; i < 10; ++i) request(name, 1ms);
  Statistics newer;
  for (int i = 0; i < 5; ++i) newer.record(name, {.latency = 1ms, .finished = 1010});
  history_.add(1010, 0.001, 1, newer.aggregated());
  EXPECT_THAT(render_html(report_), Not(HasSubstr("5\u202f000/s")));
}

}  // namespace
}  // namespace triggers::swarm
