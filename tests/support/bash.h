// Bash: runs a completion script in the bash of this machine, as the TAB key would.
#pragma once

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "raft/check.h"
#include "tests/support/temporary_directory.h"

namespace skiff::bash {

using Words = std::vector<std::string>;

// Puts text between single quotes, in which bash expands nothing. Requires: no single quote in it.
inline std::string single_quoted(const std::string& word) {
  CHECK(word.find('\'') == std::string::npos);
  return "'" + word + "'";
}

// Runs a script from a temporary file. Returns the lines of both its outputs, without empty ones.
inline Words run(const std::string& script) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path("script");
  CHECK(std::ofstream(path) << script << std::flush);
  std::FILE* output = ::popen(("bash --norc -u " + path + " 2>&1").c_str(), "r");
  CHECK(output != nullptr);
  Words lines;
  std::string line;
  for (int letter = std::fgetc(output); letter != EOF; letter = std::fgetc(output)) {
    if (letter != '\n') {
      line += static_cast<char>(letter);
    } else if (!line.empty()) {
      lines.push_back(std::exchange(line, ""));
    }
  }
  ::pclose(output);
  return lines;
}

// Returns the words that TAB offers after these. The last one is being typed, and readline splits words at `=`.
inline Words complete(const std::string& script, const Words& words) {
  std::string text = script + "\nCOMP_WORDS=(";
  for (const std::string& word : words) text += " " + single_quoted(word);
  text += ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) + "\nspecification=$(complete -p " + words[0] + ")\n" +
          "function=${specification#*-F }\n${function%% *}\n" + R"(printf '%s\n' "${COMPREPLY[@]}")" + "\n";
  return run(text);
}

}  // namespace skiff::bash
