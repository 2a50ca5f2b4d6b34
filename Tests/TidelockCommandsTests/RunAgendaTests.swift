import ContentModel
import HookHost
import Testing

@testable import TidelockCommands

@Suite("Which scheduled runs are due")
struct RunAgendaTests {
    private static let start: Int64 = 1_800_000_000

    private func run(_ name: String, every interval: String) throws -> ScheduledRun {
        ScheduledRun(
            name: name, schedule: try Schedule.reading(every: interval, cron: nil), target: "edge",
            work: .jobs(Job.list(.everything)))
    }

    private func agenda(_ runs: ScheduledRun...) -> RunAgenda {
        var agenda = RunAgenda(from: Self.start)
        expect(&agenda, toChangeWith: runs, true)
        return agenda
    }

    private func expect(
        _ agenda: inout RunAgenda, toChangeWith runs: [ScheduledRun], _ changes: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let hasChanged = agenda.follow(runs)
        #expect(hasChanged == changes, sourceLocation: sourceLocation)
    }

    /// Looks so many seconds after the start; `due` are names, each with the second at which it was due.
    private func expect(
        _ agenda: inout RunAgenda, after seconds: Int64, due: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let found = agenda.due(at: Self.start + seconds).map { "\($0.run.name) \($0.due - Self.start)" }
        #expect(found == due, sourceLocation: sourceLocation)
    }

    @Test func nothingIsMadeUpFor() throws {
        var agenda = agenda(try run("often", every: "10s"))
        expect(&agenda, after: 0, due: [])
        expect(&agenda, after: 9, due: [])
        expect(&agenda, after: 10, due: ["often 10"])
        agenda.ended("often")
        expect(&agenda, after: 19, due: [])
        // Three times have passed: one run, and the next one when it is due again.
        expect(&agenda, after: 45, due: ["often 20"])
        agenda.ended("often")
        expect(&agenda, after: 49, due: [])
        expect(&agenda, after: 50, due: ["often 50"])
    }

    @Test func aRunDoesNotMeetItselfAndHoldsUpNoOther() throws {
        var agenda = agenda(try run("long", every: "10s"), try run("short", every: "10s"))
        expect(&agenda, after: 10, due: ["long 10", "short 10"])
        agenda.ended("short")
        expect(&agenda, after: 20, due: ["short 20"])
        agenda.ended("long")
        expect(&agenda, after: 25, due: [])
        expect(&agenda, after: 30, due: ["long 30"])
    }

    @Test func whatTheConfigurationSaysLastCounts() throws {
        var agenda = agenda(try run("old", every: "10s"))
        expect(&agenda, toChangeWith: [try run("old", every: "10s")], false)
        expect(&agenda, toChangeWith: [try run("old", every: "1m"), try run("new", every: "10s")], true)
        expect(&agenda, after: 10, due: ["new 10"])
        agenda.ended("new")
        expect(&agenda, toChangeWith: [], true)
        expect(&agenda, after: 600, due: [])
    }

    @Test func aRunAtWorkIsNotStartedAgainUnderAnotherSchedule() throws {
        var agenda = agenda(try run("long", every: "10s"))
        expect(&agenda, after: 10, due: ["long 10"])
        expect(&agenda, toChangeWith: [try run("long", every: "5s")], true)
        expect(&agenda, after: 15, due: [])
        agenda.ended("long")
        expect(&agenda, after: 20, due: ["long 20"])
    }

    @Test func waitingEndsWhenSomethingIsDueOrTheConfigurationIsToBeLookedAt() throws {
        #expect(RunAgenda(from: Self.start).wait(at: Self.start, atMost: 5) == 5)
        let agenda = agenda(try run("often", every: "10s"), try run("seldom", every: "1d"))
        #expect(agenda.wait(at: Self.start, atMost: 5) == 5)
        #expect(agenda.wait(at: Self.start + 7, atMost: 5) == 3)
        #expect(agenda.wait(at: Self.start + 9, atMost: 5) == 1)
        #expect(agenda.wait(at: Self.start + 10, atMost: 30) == 10)
    }
}
