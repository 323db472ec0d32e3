// SPDX-License-Identifier: Apache-2.0
//
// untorn watch [DIR…]: is any file damaged now, did a recovery fail, do temporaries pile up, what
// does safety cost; as metrics, as a document and on a page.
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/duration.h"
#include "cli/interrupt.h"
#include "cli/named_folders.h"
#include "cli/output.h"
#include "untorn/replace.h"
#include "watch/http_server.h"
#include "watch/pages.h"
#include "watch/site.h"
#include "watch/watcher.h"

namespace untorn::cli {
namespace {

// node_exporter reads the file when it is scraped itself, every fifteen seconds or more.
constexpr std::chrono::seconds textfile_every{5};

struct WatchFlags {
  std::vector<std::string> folders;
  std::vector<std::string> documents;
  std::string listen = "127.0.0.1:9464";
  std::optional<std::string> textfile;
  std::string interval = "60s";
  bool once = false;
};

// Serves on a thread of its own until it goes out of scope.
class Service {
 public:
  Service(watch::HttpServer server)
      : server_(std::move(server)), thread_([this] { server_.run(); }) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() {
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string url() const { return server_.url(); }

 private:
  watch::HttpServer server_;
  std::thread thread_;
};

class WatchRun {
 public:
  WatchRun(const WatchFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output) {}

  ExitCode run() {
    const auto interval = duration_of(flags_.interval);
    if (!interval || *interval < std::chrono::seconds(1)) {
      return fail("--interval: \"" + flags_.interval +
                  "\" is not a time from 1s up, like 30s or 5m");
    }
    const bool serves = !flags_.once && flags_.listen != "none";
    std::optional<watch::ListenAddress> address;
    if (serves) {
      const auto parsed = watch::ListenAddress::parse(flags_.listen);
      if (!parsed) return fail("--listen: \"" + flags_.listen + "\": " + parsed.error());
      address = *parsed;
    }
    if (!flags_.once && !serves && !flags_.textfile) {
      return fail("--listen none needs --textfile or --once: otherwise nobody hears of anything");
    }
    InterruptGuard guard;
    watch::Watcher watcher(posix_file_system(), options(*interval, guard));
    if (!serves) return first_look(watcher, guard, std::nullopt);
    // The port is had before the work begins, and answers when there is something to say.
    const watch::Site site(watcher, UNTORN_VERSION, address->is_loopback());
    auto server = watch::HttpServer::open(
        *address, [&site](const watch::HttpRequest& request) { return site.answer(request); });
    if (!server) return fail("--listen: " + flags_.listen + ": " + server.error());
    return first_look(watcher, guard, std::move(*server));
  }

 private:
  watch::WatchOptions options(std::chrono::milliseconds interval, InterruptGuard& guard) {
    watch::WatchOptions options = {.folders = named_folders(flags_.folders),
                                   .documents = flags_.documents,
                                   .interval = interval};
    options.keep_going = [&guard] { return !guard.interrupted(); };
    if (!flags_.once) {
      options.message = [this](const std::string& line) {
        // What the first look finds is told after the line that says where to look.
        if (began_) {
          say(line);
        } else {
          first_messages_.push_back(line);
        }
      };
    }
    if (flags_.textfile) options.wake_every = textfile_every;
    return options;
  }

  ExitCode first_look(watch::Watcher& watcher, InterruptGuard& guard,
                      std::optional<watch::HttpServer> server) {
    if (!watcher.look_once()) return stopped(guard);
    if (watcher.picture()->look.counts.folders == 0) {
      warn_of_unreadable(*watcher.picture());
      return fail("none of the folders can be looked at");
    }
    if (flags_.textfile && !write_textfile(watcher)) return ExitCode::failure;
    if (flags_.once) return deliver(watcher);
    return keep_watching(watcher, guard, std::move(server));
  }

  // Whoever reads the messages may have stopped to. Watching goes on all the same, and ends when it
  // is told to: what would have to wait is left out, and how much that was is said later.
  void say(const std::string& line) {
    pollfd messages = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (poll(&messages, 1, 0) == 0) {
      ++unsaid_;
      return;
    }
    if (unsaid_ > 0) output_.message(std::to_string(unsaid_) + " messages were left out");
    unsaid_ = 0;
    output_.message(line);
  }

  void warn_of_unreadable(const watch::Picture& picture) {
    for (const health::Skipped& each : picture.unreadable) {
      output_.warning(each.path + ": " + each.reason);
    }
  }

  ExitCode deliver(watch::Watcher& watcher) {
    const auto picture = watcher.picture();
    warn_of_unreadable(*picture);
    const watch::Counted counted = watcher.counters();
    const watch::View view = {.picture = *picture, .counted = counted, .version = UNTORN_VERSION};
    for (const std::string& error : counted.errors) output_.warning(error);
    if (output_.json()) {
      output_.result(watch::render_json(view));
    } else if (!flags_.textfile) {
      output_.result(watch::render_metrics(view));
    }
    if (!output_.finish() || !picture->look.complete) return ExitCode::failure;
    return ExitCode::done;
  }

  ExitCode keep_watching(watch::Watcher& watcher, InterruptGuard& guard,
                         std::optional<watch::HttpServer> server) {
    std::unique_ptr<Service> service;
    if (server) service = std::make_unique<Service>(std::move(*server));
    const auto picture = watcher.picture();
    output_.message("watching " + picture->root +
                    (service ? "; listening on " + service->url() : ""));
    began_ = true;
    warn_of_unreadable(*picture);
    for (const std::string& line : first_messages_) say(line);
    first_messages_.clear();
    if (picture->coverage.unwatched_folders > 0) {
      output_.warning(std::to_string(picture->coverage.unwatched_folders) +
                      " folders are not watched: " + picture->coverage.reason +
                      "; what happens there is only seen every " + flags_.interval);
    }
    auto written = std::chrono::steady_clock::now();
    do {
      watcher.step();
      const auto now = std::chrono::steady_clock::now();
      if (flags_.textfile && now - written >= textfile_every) {
        (void)write_textfile(watcher);
        written = now;
      }
    } while (guard.wait_readable(watcher.descriptor()));
    return stopped(guard);
  }

  // Whole at every instant; a power cut may take it, and the next run writes it again.
  bool write_textfile(watch::Watcher& watcher) {
    const auto picture = watcher.picture();
    const watch::Counted counted = watcher.counters();
    const std::string text =
        watch::render_metrics({.picture = *picture, .counted = counted, .version = UNTORN_VERSION});
    constexpr std::uint32_t readable_by_all = 0644;  // the reader is another user
    const auto receipt = replace_file(*flags_.textfile, text,
                                      {.durability = Durability::process, .mode = readable_by_all});
    if (receipt) {
      textfile_failed_ = false;
      return true;
    }
    // Said once, not every few seconds.
    if (!textfile_failed_) output_.error("--textfile: " + receipt.error().message());
    textfile_failed_ = true;
    return false;
  }

  // SIGTERM is how a service is told to end: it has done its work.
  static ExitCode stopped(const InterruptGuard& guard) {
    return guard.signal() == SIGTERM ? ExitCode::done : guard.exit_code();
  }

  ExitCode fail(const std::string& problem) {
    output_.error(problem);
    if (output_.json()) {
      output_.result(error_document("watch", {.message = problem}));
      (void)output_.finish();
    }
    return ExitCode::failure;
  }

  const WatchFlags& flags_;
  Output& output_;
  std::vector<std::string> first_messages_;
  std::uint64_t unsaid_ = 0;
  bool began_ = false;
  bool textfile_failed_ = false;
};

}  // namespace

Command make_watch_command() {
  auto flags = std::make_shared<WatchFlags>();
  Command command;
  command.name = "watch";
  command.summary = "Keep an eye on folders, and serve what is seen as metrics and on a page.";
  command.usage = "[DIR…]";
  command.description =
      "Looks at every folder below DIR (default: the current one) as doctor does, whenever "
      "something changes there and at least every --interval. Also notices documents that are "
      "written in place instead of being replaced. Serves /metrics for Prometheus, /health as "
      "JSON and a page at /, to this machine only unless --listen says otherwise. Changes "
      "nothing.\n"
      "\n"
      "Runs until it is stopped. Exit code: 130 after Ctrl-C, 0 after SIGTERM; 2 if it could not "
      "begin. With --once: 0 if everything could be looked at, whatever was found, else 2.";
  command.example =
      "untorn watch --documents '*.json' /var/lib/app\n"
      "untorn watch --listen none --textfile /var/lib/node_exporter/untorn.prom /var/lib/app\n"
      "untorn watch --once --format json /var/lib/app";
  command.arguments = {{.name = "DIR",
                        .description = "A folder to watch.",
                        .required = false,
                        .targets = &flags->folders}};
  command.flags = {
      {"--listen", "ADDRESS:PORT",
       "Where to serve (default 127.0.0.1:9464). Port 0 takes a free one and says which; \"none\" "
       "serves nothing. There is no password: whoever reaches the address reads the page.",
       &flags->listen},
      {"--textfile", "FILE",
       "Also write the metrics to FILE, replaced whole every few seconds, for node_exporter.",
       &flags->textfile},
      {"--once", "",
       "Look once, print the metrics (or the document of --format json), and end. Serves nothing.",
       &flags->once},
      {"--documents", "GLOB",
       "Also judge files of this name, or of this path below DIR. May be repeated.",
       &flags->documents},
      {"--interval", "TIME", "Look at least this often (default 60s).", &flags->interval},
  };
  command.run = [flags](const Invocation& invocation) {
    return WatchRun(*flags, invocation).run();
  };
  return command;
}

}  // namespace untorn::cli
