import ContentModel
import RemotePeer
import SyncEngine
import SyncProtocol
import Testing

@Suite("Looking at plans over HTTP")
struct PlanLookTests {
    private let transfer = "0190-1"

    private func open(_ caller: Caller, comparing: Bool = true) -> OpenTransfer {
        var open = caller.open(id: transfer)
        open.isPlanOnly = true
        open.comparesItems = comparing
        return open
    }

    private func ask(_ peer: any OutputPort, _ kind: String = "content/posts", ids: [String] = ["1"]) async throws {
        _ = try await peer.outputs(transfer: transfer, ReadOutputs(kind: kind, ids: ids))
    }

    @Test func aKeyThatMayPushAndPullSeesItems() async throws {
        let world = World()
        try await world.serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(open(caller))
            try await ask(peer)
        }
        #expect(await world.responder.shown == [transfer])
        let note = world.audit.entries.first?.note
        #expect(note?.hasPrefix("plan of a push with a look at items: everything") == true, "\(note ?? "")")
    }

    @Test func aKeyThatMayOnlyPushIsToldSoBeforeAnythingIsPlanned() async throws {
        let world = World()
        world.keys.value[0].rights = [.push]
        try await world.serve { caller in
            let peer = try caller.peer()
            await #expect {
                try await peer.open(open(caller))
            } throws: { error in
                let error = error as? TidelockError
                return error?.code == .permissionDenied && error?.hint?.contains("--diff") == true
            }
        }
        #expect(await world.responder.opens == 0)
    }

    @Test func aKeyThatMayOnlyPushSeesNothingOfAPlanThatItMayMake() async throws {
        let world = World()
        world.keys.value[0].rights = [.push]
        try await world.serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(open(caller, comparing: false))
            #expect(await code { try await ask(peer) } == .permissionDenied)
            #expect(
                await code { try await peer.planned(transfer: transfer, ListPlanned(limit: 1)) } == .permissionDenied)
            #expect(
                await code { try await peer.expect(transfer: transfer, ExpectRows(rows: [])) } == .permissionDenied)
        }
        #expect(await world.responder.shown.isEmpty)
    }

    @Test func anotherKeyOfTheCallerSeesOnlyItsKinds() async throws {
        let world = World()
        let narrow = AcceptedKey(key: try SyncKey("the-key-for-posts-alone"), kinds: ["content/posts"])
        world.keys.value.append(narrow)
        try await world.serve { caller in
            _ = try await caller.peer().open(open(caller))
            let peer = try caller.peer(key: narrow.key)
            try await ask(peer)
            for kind in ["content/users", "locales", "models"] {
                #expect(await code { try await ask(peer, kind) } == .permissionDenied, "\(kind)")
            }
            try await ask(peer, "models", ids: ["posts"])
            #expect(await code { try await ask(peer, "models", ids: ["posts", "users"]) } == .permissionDenied)
        }
        #expect(await world.responder.shown.count == 2)
    }

    @Test func whatDefinitionsBreakIsToldOnlyToKeysThatCoverTheItems() async throws {
        let world = World()
        let narrow = AcceptedKey(
            key: try SyncKey("the-key-for-posts-alone"), kinds: ["content/posts", Kind.models.name])
        world.keys.value.append(narrow)
        try await world.serve { caller in
            _ = try await caller.peer().open(open(caller))
            let peer = try caller.peer(key: narrow.key)
            func survey(_ models: String...) async throws {
                let definitions = models.map { ProposedDefinition(model: $0, text: "{}") }
                _ = try await peer.survey(transfer: transfer, SurveySchema(definitions, .changes))
            }
            try await survey("posts")
            for part in [SurveySchema.Part.changes, .items(after: nil), .named(kind: "content/users", ids: ["1"])] {
                let survey = SurveySchema([ProposedDefinition(model: "users", text: nil)], part)
                #expect(await code { try await peer.survey(transfer: transfer, survey) } == .permissionDenied)
            }
            #expect(await code { try await survey("posts", "users") } == .permissionDenied)
            let own = "0190-2"
            _ = try await peer.open(caller.open(id: own, scope: Scope(models: ["posts"])))
            func commit(_ confirmations: Confirmations) async throws {
                let request = CommitTransfer(
                    fence: 1, batches: [], expectedRoots: [:], confirmations: confirmations)
                _ = try await peer.commit(transfer: own, request)
            }
            #expect(await code { try await commit(Confirmations(refusesSchemaChanges: true)) } == .permissionDenied)
            #expect(await code { try await commit(Confirmations()) } == nil)
        }
    }

    @Test func aPlanOfSomebodyElseIsClosed() async throws {
        let world = World()
        try await world.serve { caller in
            _ = try await caller.peer().open(open(caller))
            let other = try caller.peer(local: InstanceIdentity(id: "other", name: "Other"))
            #expect(await code { try await ask(other) } == .permissionDenied)
            #expect(
                await code { try await other.planned(transfer: transfer, ListPlanned(limit: 1)) } == .permissionDenied)
            #expect(
                await code { try await other.expect(transfer: transfer, ExpectRows(rows: [])) } == .permissionDenied)
        }
        #expect(await world.responder.shown.isEmpty)
    }

    @Test func moreRowsThanAPageHoldsAreRefused() async throws {
        let world = World()
        let row = ExpectedRow(kind: "models", id: "a", operation: .delete, output: nil)
        let long = ExpectRows(rows: Array(repeating: row, count: Limits.plannedRows + 1))
        try await world.serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(open(caller))
            #expect(await code { try await peer.expect(transfer: transfer, long) } == .malformedMessage)
        }
        #expect(await world.responder.expected.isEmpty)
    }

    @Test func tooMuchAtOnceIsRefused() async throws {
        let world = World()
        try await world.serve { caller in
            let peer = try caller.peer()
            _ = try await peer.open(open(caller))
            let ids = (0...Limits.outputItems).map { "\($0)" }
            #expect(await code { try await ask(peer, ids: ids) } == .tooLarge)
            let long = String(repeating: "x", count: 3 * Kind.longestName)
            #expect(await code { try await ask(peer, "content/" + long) } == .tooLarge)
        }
        #expect(await world.responder.shown.isEmpty)
    }
}
