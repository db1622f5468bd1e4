// skiff completion: prints a script with which a shell completes the options of the node and of every tool.
#include "src/config/completion.h"

#include <array>

#include "src/config/options.h"
#include "src/tool/arguments.h"

namespace skiff::tool {
namespace {

constexpr char kRemarks[] = "To load it: source <(skiff completion bash); that line in ~/.bashrc loads it for good.\n";

}  // namespace

int completion(Arguments arguments, const World& world) {
  const Command command = completion_command("skiff");
  const ParsedArguments parsed = parse_arguments(arguments, world, command, kRemarks);
  if (parsed.status) return *parsed.status;
  if (auto known = require_known_shell(parsed.operands); !known) return misused(world, command, known.error().what);
  Options options;
  const std::array<Command, 4> tools = {inspect_command(), restore_command(), recover_command(), command};
  world.say(bash_completion(unbound(node_command(options)), tools));
  return 0;
}

}  // namespace skiff::tool
