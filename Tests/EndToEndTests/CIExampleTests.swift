import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// The commands of the files in `hooks/examples/ci/` do what they say, run as CI runs them.
@Suite("The examples for CI", .story)
struct CIExampleTests {
    private static let folder = Examples.folder.appending(path: "ci")

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// What a file makes the machine of a runner do.
    private struct Work {
        var commands: [String]
        /// Variables, as the file writes their values.
        var variables: [String: String]
    }

    /// Steps with members that change how a command is run are not what this test takes them for.
    private func gitHub() throws -> Work {
        let file = try YAML(try Self.text("github-actions.yml"))
        let job = try #require(file["jobs"]?["sync"])
        let steps = try #require(job["steps"]).elements.filter { $0["run"] != nil }
        #expect(steps.allSatisfy { Set($0.members.keys) == ["name", "run"] })
        return Work(
            commands: steps.compactMap { $0["run"]?.text },
            variables: (job["env"]?.members ?? [:]).compactMapValues(\.text))
    }

    private func gitLab() throws -> Work {
        let job = try #require(try YAML(try Self.text("gitlab-ci.yml"))["sync"])
        #expect(job["before_script"] == nil && job["after_script"] == nil)
        return Work(
            commands: (job["script"]?.elements ?? []).compactMap(\.text),
            variables: (job["variables"]?.members ?? [:]).compactMapValues(\.text))
    }

    // MARK: What they say

    @Test func bothRunEveryNightAndAfterAPushToMain() throws {
        let file = try YAML(try Self.text("github-actions.yml"))
        #expect(file["on"]?["schedule"]?.elements.map { $0["cron"] } == [.text("0 2 * * *")])
        #expect(file["on"]?["push"]?["branches"] == .list([.text("main")]))
        let rules = try YAML(try Self.text("gitlab-ci.yml"))["sync"]?["rules"]?.elements.compactMap { $0["if"]?.text }
        #expect(
            rules == [
                #"$CI_PIPELINE_SOURCE == "schedule""#,
                #"$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "main""#,
            ])
        // Where GitLab is told the time.
        #expect(try Self.text("gitlab-ci.yml").contains(#""0 2 * * *""#))
    }

    @Test func keysComeFromTheEnvironmentAlone() throws {
        #expect(try gitHub().variables["PRODUCTION_SYNC_KEY"] == "${{ secrets.PRODUCTION_SYNC_KEY }}")
        // Variables of the project are in the environment of a job without its saying so.
        #expect(try Set(gitLab().variables.keys) == ["TIDELOCK_DIR"])
    }

    @Test func bothStandInTheGuide() throws {
        let guide = try String(contentsOf: Examples.hooks.appending(path: "README.md"), encoding: .utf8)
        for name in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path) {
            #expect(guide.contains("(examples/ci/\(name))"), "hooks/README.md does not mention \(name)")
        }
    }

    // MARK: What they do

    @Test func theCommandsForGitHubAllSucceed() async throws {
        try await carryOut(try gitHub())
    }

    @Test func theCommandsForGitLabAllSucceed() async throws {
        try await carryOut(try gitLab())
    }

    /// Runs the commands in their order, in a checkout that holds the jobs, on a machine where the instance lives.
    private func carryOut(_ work: Work) async throws {
        let (source, production) = (try await RealInstance.make("staging"), try await RealInstance.make("production"))
        try await source.take(Articles.make(3))
        try await source.put("pages", try JSONDocument(validating: #"{"_id":"home","title":"Home","slug":"home"}"#))
        // From here on the configuration needs what only CI has.
        let target = #"production = { uri = env("PRODUCTION_URI"), syncKey = env("PRODUCTION_SYNC_KEY") }"#
        try source.set("targets = { \(target) }")
        let server = try await TestServer(production)
        let checkout = try checkout()
        let environment = try environment(
            of: work, source,
            given: [
                "PRODUCTION_URI": "http://127.0.0.1:\(server.port)",
                "PRODUCTION_SYNC_KEY": try await production.run("keys", "show").trimmingCharacters(in: .newlines),
            ])
        #expect(work.commands.count >= 4)
        for command in work.commands {
            let ending = try await Shell.run("-e", "-c", command, in: checkout, environment: environment)
            #expect(ending.status == 0 && !ending.isOverdue, "\(command): \(ending)")
        }
        func report(_ name: String) throws -> Data { try Data(contentsOf: checkout.appending(path: name)) }
        let plan = try JSONDecoder().decode(Report.self, from: report("plan.json"))
        let push = try JSONDecoder().decode(Report.self, from: report("push.json"))
        let jobs = try JSONDecoder().decode(JobRuns.self, from: report("jobs.json"))
        #expect(plan.status == "planned" && plan.created == 4, "\(plan)")
        #expect(push.verified && push.created == 3, "\(push)")
        #expect(jobs.runs.map(\.report.created) == [1] && jobs.runs.allSatisfy(\.report.verified), "\(jobs)")
        #expect(
            try await production.content().keys.sorted()
                == (0..<3).map { "content/articles/\(Articles.id($0))" } + ["pages/home"])
        #expect(await server.stop() == 0)
    }

    /// What is checked out: the jobs that the commands name.
    private func checkout() throws -> URL {
        let folder = Story.current.folder.appending(path: "checkout")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Examples.folder.appending(path: "jobs"), to: folder.appending(path: "jobs"))
        return folder
    }

    /// The variables of a job: expressions are filled in from what the project was given, the folder is the test's.
    private func environment(
        of work: Work, _ source: RealInstance, given: [String: String]
    ) throws -> [String: String] {
        var environment = given
        for (name, value) in work.variables {
            if let expression = value.wholeMatch(of: /\$\{\{ (?:secrets|vars)\.(\w+) \}\}/) {
                environment[name] = try #require(given[String(expression.1)], "nobody was told to set \(value)")
            } else {
                try #require(!value.contains("${{"), "\(value) is more than this test fills in")
                environment[name] = value
            }
        }
        try #require(environment["TIDELOCK_DIR"] != nil)
        environment["TIDELOCK_DIR"] = source.folder.path
        return environment
    }
}
