import ContentModel
import CurlHTTP
import RemotePeer
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

/// What a diagnosis asks of a target, over HTTP.
@Suite("Looking for what is wrong with a target")
struct ReachTests {
    private func peer(_ uri: String, _ http: HTTPClient) throws -> RemotePeer {
        try RemotePeer(
            target: Target(name: "t", uri: uri, key: World.key), local: World.local, http: http, clock: TestClock(),
            random: CountingRandom())
    }

    private func failure(_ reach: Reach) throws -> (step: Diagnosis.Step, error: TidelockError) {
        guard case .failed(let step, let error) = reach else {
            throw TidelockError(.internalFailure, "something answered: \(reach)")
        }
        return (step, error)
    }

    private func answerer(_ reach: Reach) throws -> Reach.Answerer {
        guard case .answered(let answer) = reach else {
            throw TidelockError(.internalFailure, "nothing answered: \(reach)")
        }
        #expect(answer.address == "127.0.0.1")
        return answer.from
    }

    @Test func aTidelockIsRecognisedWithoutAKey() async throws {
        let world = World()
        world.keys.value = []
        let reach = try await world.serve { try await $0.peer().reach(within: .seconds(20)) }
        guard case .tidelock(let version) = try answerer(reach) else { return #expect(Bool(false), "\(reach)") }
        #expect(version == "1.2.3" && reach.isTidelock && reach.isConnected)
    }

    @Test func oneThatRefusesIsATidelockAllTheSame() async throws {
        var world = World()
        world.hooks.refusal = TidelockError(.hookRefused, "Not on Sundays.")
        let reach = try await world.serve { try await $0.peer().reach(within: .seconds(20)) }
        guard case .refusing(let error) = try answerer(reach) else { return #expect(Bool(false), "\(reach)") }
        #expect(error.code == .hookRefused && reach.isTidelock)
    }

    /// The server is one, and what is at this path of it is not.
    @Test func anotherPathIsAStranger() async throws {
        let reach = try await World().serve { caller in
            try await peer("http://127.0.0.1:\(caller.port)/elsewhere", caller.world.http).reach(within: .seconds(20))
        }
        guard case .stranger(let error) = try answerer(reach) else { return #expect(Bool(false), "\(reach)") }
        #expect(error.code == .notFound && !reach.isTidelock)
    }

    @Test func aPortThatNobodyListensOnIsAboutTheConnection() async throws {
        let world = World()
        let port = try await world.serve { $0.port }
        let (step, error) = try failure(
            try await peer("http://127.0.0.1:\(port)", world.http).reach(within: .seconds(20)))
        #expect(step == .connection && error.code == .targetUnreachable)
        #expect(error.message == "GET to 127.0.0.1:\(port) failed: the server refused the connection.")
    }

    @Test func aNameThatDoesNotExistIsAboutTheName() async throws {
        let (step, error) = try failure(
            try await peer("http://nonexistent.invalid", World().http).reach(within: .seconds(20)))
        #expect(step == .name && error.code == .targetUnreachable)
    }

    @Test func aServerThatDoesNotEncryptIsAboutTheEncryption() async throws {
        let reach = try await World().serve { caller in
            try await peer("https://127.0.0.1:\(caller.port)", caller.world.http).reach(within: .seconds(20))
        }
        let (step, error) = try failure(reach)
        #expect(step == .encryption && reach.isConnected, "\(error)")
    }

    @Test func theConditionArrives() async throws {
        var world = World()
        world.condition.writer = World.local.id
        let condition = try await world.serve { try await $0.peer().condition() }
        #expect(condition.lease?.isOwn == true && condition.storage == world.condition.storage)
        #expect(condition.key.rights == Right.allCases)
    }

    @Test(arguments: [-600, -1, 0, 1, 600] as [Int64])
    func aCheckTellsByHowMuchTheClocksDiffer(seconds: Int64) async throws {
        let check = try await World().serve { caller in
            try await caller.peer(clock: TestClock(seconds: 1_800_000_000 - seconds)).check()
        }
        #expect(check.clockDifference == ClockDifference(milliseconds: seconds * 1_000))
    }
}
