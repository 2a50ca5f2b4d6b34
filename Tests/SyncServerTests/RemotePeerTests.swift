import ContentModel
import CurlHTTP
import RemotePeer
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

@Suite("The far side over HTTP")
struct RemotePeerTests {
    @Test func everyCallArrivesAndIsAnswered() async throws {
        let world = World()
        let batch = EncodedBatch(
            info: BatchInfo(number: 1, digest: sha256([1, 2, 3]).hex, operations: 9, bytes: 3), payload: [1, 2, 3])
        await world.responder.offer(batch)
        let row = ExpectedRow(kind: "models", id: "ü", operation: .put, output: String(repeating: "ab", count: 32))
        try await world.serve { caller in
            let peer = try caller.peer()
            let opened = try await peer.open(caller.open())
            #expect(opened.lease?.fence == 7)
            #expect(peer.expectedResponder == "responder")
            let page = try await peer.list(transfer: "0190-1", ListHeld(kind: "models", onlyDrift: true))
            #expect(page.items.count == 500)
            #expect(page.next == ListPosition(bucket: 9, id: "models"))
            let survey = SurveySchema([ProposedDefinition(model: "posts", text: "{}")], .items(after: page.next))
            #expect(
                try await peer.survey(transfer: "0190-1", survey).next == ListPosition(bucket: 4, id: "posts"))
            let held = DestinationState(source: "a", destination: World.local, root: "", kinds: [])
            let plan = try await peer.plan(transfer: "0190-1", MakePlan(held: held))
            guard case .needs(let lists) = plan else { return #expect(Bool(false), "the plan needs lists") }
            #expect(lists.map(\.kind) == ["models"])
            #expect(try await peer.stage(transfer: "0190-1", fence: 7, batch).state == .stored)
            #expect(try await peer.stage(transfer: "0190-1", fence: 7, batch).state == .duplicate)
            #expect(try await peer.batch(transfer: "0190-1", number: 1) == batch)
            #expect(try await peer.renew(transfer: "0190-1", fence: 7).expires == 1_800_000_120)
            #expect(try await peer.state(transfer: "0190-1").stagedBatches == [1])
            let result = try await peer.commit(transfer: "0190-1", commit)
            #expect(result == CommitResult(created: 3, isVerified: true, sequence: 42))
            #expect(try await peer.commit(transfer: "0190-1", commit) == result)
            #expect(try await peer.rollback(transfer: "0190-1").restored == 3)
            let item = ItemReference(kind: "content/posts", id: "1")
            let single = try await peer.rollback(transfer: "0190-1", only: item)
            #expect(single.restored == 1 && single.item == item)
            #expect(try await peer.planned(transfer: "0190-1", ListPlanned(limit: 7)).rows.count == 7)
            try await peer.expect(transfer: "0190-1", ExpectRows(rows: [row]))
            let shown = try await peer.outputs(transfer: "0190-1", ReadOutputs(kind: "models", ids: ["é", "b"]))
            #expect(shown.items.map(\.id) == ["é", "b"] && shown.items[0].body?.text == #"{"name":null}"#)
            try await peer.acknowledge(transfer: "0190-1", result)
            try await peer.abandon(transfer: "0190-1")
            try await peer.abandon(transfer: "0190-never")
            #expect(peer.traffic.roundTrips == 19)
            #expect(peer.traffic.bytesSent > 0)
        }
        #expect(await world.responder.staged == [1: .init(fence: 7, batch: batch)])
        #expect(await world.responder.commits == 1)
        #expect(await world.responder.expected == [row])
        #expect(await world.responder.abandoned == ["0190-1"])
        #expect(await world.responder.acknowledged?.sequence == 42)
        #expect(world.log.records.isEmpty)
    }

    @Test func aRollbackHasTheNameThatItsAskerGivesIt() async throws {
        let world = World()
        try await world.serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(caller.open(id: "0190-1"))
            _ = try await peer.rollback(transfer: "0190-1", RollBackTransfer(id: "0190-9"))
            _ = try await peer.rollback(transfer: "0190-1")
            let refused = await code {
                try await peer.rollback(transfer: "0190-1", RollBackTransfer(id: "0190'; DROP TABLE run"))
            }
            #expect(refused == .malformedMessage)
        }
        #expect(await world.responder.rollbacks == ["0190-9", nil])
    }

    @Test func longListsArePackedOnTheWire() async throws {
        try await World().serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(caller.open())
            let before = peer.traffic.bytesReceived
            _ = try await peer.list(transfer: "0190-1", ListHeld(kind: "models", onlyDrift: true))
            #expect(peer.traffic.bytesReceived - before < 10_000)
        }
    }

    @Test func aCheckSaysWhoAnswers() async throws {
        try await World().serve { caller in
            let check = try await caller.peer().check()
            #expect(check.version == "1.2.3")
            #expect(check.instance.id == "responder")
            #expect(check.warning == nil)
        }
    }

    @Test("T1, T2, T5, T8, T73: long work is asked for again until it ends")
    func longWorkIsAskedForAgainUntilItEnds() async throws {
        let gate = Gate()
        var world = World()
        let responder = FakeResponder(gate: gate)
        world.responder = responder
        world.clock = TestClock()  // the server is out of patience at once
        try await world.serve { caller in
            // Opening the transfer may outlast the server's patience as well; only the commit waits for the gate.
            let sleep = TestClock.Sleep.jump { if await responder.commits > 0 { await gate.open() } }
            let peer = try caller.peer(clock: TestClock(sleep: sleep))
            _ = try await peer.open(caller.open())
            let before = peer.traffic.roundTrips
            #expect(try await peer.commit(transfer: "0190-1", commit).sequence == 42)
            #expect(peer.traffic.roundTrips - before > 1)
        }
        #expect(await world.responder.commits == 1)
    }

    @Test func aRefusalOfWorkThatWentOnDoesNotDenyThatItWasDone() async throws {
        let gate = Gate()
        var world = World()
        let responder = FakeResponder(gate: gate)
        world.responder = responder
        world.clock = TestClock()  // the server is out of patience at once
        let keys = world.keys
        let error = try await world.serve { caller in
            let sleep = TestClock.Sleep.jump {
                guard await responder.commits > 0 else { return }
                keys.value = []
                await gate.open()
            }
            let peer = try caller.peer(clock: TestClock(sleep: sleep))
            _ = try await peer.open(caller.open())
            return await #expect(throws: TidelockError.self) {
                try await peer.commit(transfer: "0190-1", commit)
            }
        }
        #expect(error?.code == .unknownKey)
        #expect(error?.details[RunMachine.unanswered] != nil)
    }

    @Test func aPlainRefusalIsNotInDoubt() async throws {
        let error = try await World().serve { caller in
            let stranger = try caller.peer(key: SyncKey("not-the-key-of-anybody"))
            return await #expect(throws: TidelockError.self) { try await stranger.open(caller.open()) }
        }
        #expect(error?.code == .unknownKey)
        #expect(error?.details[RunMachine.unanswered] == nil)
    }

    @Test func aStopWaitsForWorkThatOutlastedItsRequest() async throws {
        let gate = Gate()
        var world = World()
        world.responder = FakeResponder(gate: gate)
        world.clock = TestClock()
        let path = Endpoint.commit.path("0190-1")
        let status = try await world.serve { caller in
            _ = try await caller.peer().open(caller.open())
            let response = try await caller.sendSigned("POST", path, body: WireBody.encode(commit))
            Task { await gate.open() }
            return response.status
        }
        #expect(status == 202)
        #expect(await world.responder.finishedCommits == 1)
    }

    @Test(arguments: [true, false])
    func anOpenThatIsGivenUpWhileItIsAtWorkLeavesNothing(byItsInitiator: Bool) async throws {
        let gate = Gate()
        var world = World()
        world.responder = FakeResponder(openGate: gate)
        world.clock = TestClock()  // the server is out of patience at once
        let giver = byItsInitiator ? World.local : InstanceIdentity(id: "other", name: "Other")
        let status = try await world.serve { caller in
            let response = try await caller.sendSigned(
                "POST", Endpoint.openTransfer.path(), body: caller.openBody(id: "0190-1"))
            try await caller.peer(local: giver).abandon(transfer: "0190-1")
            await gate.open()
            return response.status
        }
        #expect(status == 202)
        #expect(await world.responder.opens == 1)
        #expect(await world.responder.abandoned == (byItsInitiator ? ["0190-1"] : []))
    }

    @Test func whatACommitStagedIsFreedAfterItsAnswer() async throws {
        let world = World()
        try await world.serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(caller.open())
            _ = try await peer.commit(transfer: "0190-1", commit)
        }
        #expect(await world.responder.freed == ["0190-1"])
    }

    @Test func aClockThatDiffersIsCorrected() async throws {
        try await World().serve { caller in
            for offset in [-86_400, 86_400] as [Int64] {
                let peer = try caller.peer(clock: TestClock(seconds: 1_800_000_000 + offset))
                #expect(try await peer.check().version == "1.2.3")
                #expect(peer.traffic.roundTrips == 2)
                _ = try await peer.check()
                #expect(peer.traffic.roundTrips == 3)
            }
        }
    }

    @Test func refusalsKeepTheirCode() async throws {
        let world = World()
        try await world.serve { caller in
            let stranger = try caller.peer(key: SyncKey("not-the-key-of-anybody"))
            #expect(await code { try await stranger.check() } == .unknownKey)
            let twin = try caller.peer(local: InstanceIdentity(id: "responder", name: "Copy"))
            #expect(await code { try await twin.check() } == .sameInstance)
            let peer = try caller.peer()
            _ = try await peer.open(caller.open())
            #expect(await code { try await peer.renew(transfer: "0190-1", fence: 6) } == .fenced)
            #expect(await code { try await peer.state(transfer: "0190-2") } == .unknownTransfer)
            let other = try caller.peer(local: InstanceIdentity(id: "other", name: "Other"))
            #expect(await code { try await other.state(transfer: "0190-1") } == .permissionDenied)
            #expect(await code { try await other.abandon(transfer: "0190-1") } == .permissionDenied)
            peer.expectedResponder = "somebody"
            #expect(await code { try await peer.check() } == .wrongAudience)
        }
        #expect(await world.responder.abandoned.isEmpty)
    }

    @Test func aDefectOfTheServerIsNotDescribedToCallers() async throws {
        struct Secret: Error { let text = "hunter2" }
        var world = World()
        world.responder = FakeResponder(failure: Secret())
        try await world.serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(caller.open())
            await #expect {
                try await peer.commit(transfer: "0190-1", commit)
            } throws: { ($0 as? TidelockError)?.code == .internalFailure && !"\($0)".contains("hunter2") }
        }
    }

    @Test func oldAndNewKeyWorkWhileAKeyIsReplaced() async throws {
        let world = World()
        let new = AcceptedKey(key: try SyncKey("the-new-key-is-this-one"))
        try await world.serve { caller in
            let (early, late) = (try caller.peer(), try caller.peer(key: new.key))
            #expect(await code { try await late.check() } == .unknownKey)
            world.keys.value.append(new)
            _ = try await early.check()
            _ = try await late.check()
            world.keys.value = [new]
            #expect(await code { try await early.check() } == .unknownKey)
            _ = try await late.check()
        }
    }

    @Test func aTargetThatIsNotThereIsToldAtOnce() async throws {
        let port = try await World().serve { $0.port }
        let peer = try Caller(world: World(), port: port).peer()
        let start = ContinuousClock.now
        await #expect {
            try await peer.check()
        } throws: { error in
            guard let error = error as? TidelockError else { return false }
            return error.code == .targetUnreachable && error.message.contains("'production' (127.0.0.1:\(port))")
        }
        #expect(ContinuousClock.now - start < .seconds(4))
        #expect(peer.traffic.roundTrips == 0)
    }

    @Test("T28: a target that goes away is tried until the time is up")
    func aTargetThatGoesAwayIsTriedUntilTheTimeIsUp() async throws {
        let world = World()
        let clock = TestClock()
        let peer = try await world.serve { caller in
            let peer = try caller.peer(clock: clock)
            _ = try await peer.check()
            return peer
        }
        let start = clock.milliseconds
        #expect(await code { try await peer.check() } == .targetUnreachable)
        #expect(clock.milliseconds - start >= 5_000)
        #expect(clock.milliseconds - start < 8_000)
    }

    @Test func aTargetWithoutTidelockIsRecognised() async throws {
        try await World().serve { caller in
            let peer = try RemotePeer(
                target: Target(name: "t", uri: "http://127.0.0.1:\(caller.port)/elsewhere", key: World.key),
                local: World.local, http: caller.world.http, clock: TestClock(), random: CountingRandom())
            #expect(await code { try await peer.check() } == .notFound)
        }
    }

    @Test func aPortInUseIsToldInWords() async throws {
        let error = await #expect(throws: TidelockError.self) {
            try await World().serve { caller in
                var second = World()
                second.configuration.port = caller.port
                try await second.serve { _ in }
            }
        }
        #expect(error?.code == .badSetting)
        #expect(error?.message.contains("another program uses the port") == true)
    }

    @Test(arguments: ["", "example.org", "ftp://example.org", "https://", "https://a?b", "https://a/#b"])
    func addressesThatCannotBeUsedAreRefused(uri: String) {
        #expect {
            try RemotePeer(
                target: Target(name: "t", uri: uri, key: World.key), local: World.local, http: HTTPClient(),
                clock: TestClock(), random: CountingRandom())
        } throws: { ($0 as? TidelockError)?.code == .badSetting }
    }

    private var commit: CommitTransfer {
        CommitTransfer(fence: 7, batches: [], expectedRoots: [:], confirmations: Confirmations(deletes: 3))
    }
}
