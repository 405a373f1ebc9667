// The verbs of the command, one file each. Every function adds a verb with its options and help to the application;
// parsing a command line that names it sets the action.
#pragma once

#include "replay/cli/command.hpp"

namespace replay::cli {

void add_run(CLI::App& application, Action& action);
void add_replay(CLI::App& application, Action& action);
void add_show(CLI::App& application, Action& action);
void add_info(CLI::App& application, Action& action);
void add_serve(CLI::App& application, Action& action);
void add_convert(CLI::App& application, Action& action);

}  // namespace replay::cli
