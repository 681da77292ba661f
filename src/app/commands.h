// Commands that work on the data folder and end: users, tokens, the check.
#pragma once
#include <string>

#include "app/config.h"

namespace oriel::app {

// Each prints to standard output, errors to standard error, and gives the exit status.
int add_user(const Config& config, const std::string& name, const std::string& role);
int list_users(const Config& config);
int set_password(const Config& config, const std::string& name);
int make_token(const Config& config, const std::string& user, const std::string& name,
               const std::vector<std::string>& scopes);
// Says what the configuration file means; connects to nothing.
int check_config(const Config& config);

}  // namespace oriel::app
