internal import ArgumentParser

struct HooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks", abstract: "Write, check, test, try out and list the handlers of this instance.",
        subcommands: [
            InitHooksCommand.self,
            NewHookCommand.self,
            ListHooksCommand.self,
            CheckHooksCommand.self,
            TestHooksCommand.self,
            RunHooksCommand.self,
            BenchHooksCommand.self,
            HooksStatusCommand.self,
            DeadCommand.self,
            HookTypesCommand.self,
        ], defaultSubcommand: ListHooksCommand.self)
}
