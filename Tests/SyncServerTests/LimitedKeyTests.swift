import ContentModel
import CurlHTTP
import RemotePeer
import SyncEngine
import SyncProtocol
import Testing

@Suite("Keys that are limited to some kinds")
struct LimitedKeyTests {
    private let transfer = "0190-1"
    private let world = World()
    private let narrow: AcceptedKey
    /// What the key covers.
    private let scope = Scope(
        jobs: [.content, .lokalize], models: ["posts"], translations: TranslationSelection(projects: ["web"]))

    init() throws {
        narrow = AcceptedKey(
            key: try SyncKey("the-key-for-posts-alone"), kinds: ["content/posts", "lokalize/keys/web"])
        world.keys.value.append(narrow)
    }

    private func row(_ id: String, isOfSource: Bool = false) -> HeldItem {
        let base = isOfSource ? String(repeating: "ab", count: 32) : nil
        return HeldItem(id: id, base: base, isEdited: false, isReverted: false)
    }

    private func commit(requiring models: String...) -> CommitTransfer {
        CommitTransfer(
            fence: 7, batches: [], expectedRoots: [:], confirmations: Confirmations(), requiredModels: models)
    }

    @Test(arguments: [(Kind.models, "posts"), (.singletons, "posts"), (.translationProjects, "web")])
    func aListNamesWhatTheKeyCoversAndWhatTheCallerSent(_ kind: Kind, _ covered: String) async throws {
        await world.responder.hold([
            HeldPage(items: [row("hidden")], next: ListPosition(bucket: 1, id: "hidden")),
            HeldPage(
                items: [row(covered), row("sent", isOfSource: true), row("secret")],
                next: ListPosition(bucket: 2, id: "secret")),
            HeldPage(items: [row("last")], next: nil),
        ])
        try await world.serve { caller in
            let peer = try caller.peer(key: narrow.key)
            _ = try await peer.open(caller.open(id: transfer, scope: scope))
            let first = try await peer.list(transfer: transfer, ListHeld(kind: kind.name, part: .all))
            #expect(first.items.map(\.id) == [covered, "sent"])
            #expect(first.next == ListPosition(bucket: Bucket(kind: kind, id: "sent").number, id: "sent"))
            let rest = try await peer.list(transfer: transfer, ListHeld(kind: kind.name, part: .all, after: first.next))
            #expect(rest.items.isEmpty && rest.next == nil)

            let whole = try await caller.peer().list(transfer: transfer, ListHeld(kind: kind.name, part: .all))
            #expect(whole.items.map(\.id) == ["hidden"])
        }
    }

    @Test func aTransferThatIsAboutMoreIsClosedToThem() async throws {
        try await world.serve { caller in
            _ = try await caller.peer().open(caller.open(id: transfer))
            _ = try await caller.peer().open(caller.open(id: "0190-2", scope: scope))
            let peer = try caller.peer(key: narrow.key)
            let commit = CommitTransfer(
                fence: 7, batches: [], expectedRoots: [:], confirmations: Confirmations())
            let requests: [@Sendable (String) async throws -> Void] = [
                { _ = try await peer.open(caller.open(id: $0, scope: scope)) },
                { _ = try await peer.list(transfer: $0, ListHeld(kind: "content/posts", part: .all)) },
                { _ = try await peer.planned(transfer: $0, ListPlanned(limit: 1)) },
                { try await peer.expect(transfer: $0, ExpectRows(rows: [])) },
                { _ = try await peer.blobs(transfer: $0, after: nil) },
                { _ = try await peer.missing(transfer: $0, fence: 7, []) },
                { _ = try await peer.commit(transfer: $0, commit) },
                { _ = try await peer.rollback(transfer: $0, only: nil) },
            ]
            for (number, request) in requests.enumerated() {
                #expect(await code { try await request(transfer) } == .permissionDenied, "request \(number)")
                #expect(await code { try await request("0190-2") } == nil, "request \(number)")
            }
            // A key may be replaced by a narrower one before a run is settled; what became of it can be asked all the same.
            _ = try await peer.state(transfer: transfer)
            try await peer.acknowledge(
                transfer: transfer,
                CommitResult(created: 1))
        }
        #expect(await world.responder.commits == 1)
    }

    @Test func linksAreLookedUpOnlyWhereTheKeyReachesWhateverTheCallerSays() async throws {
        let commit = CommitTransfer(fence: 7, batches: [], expectedRoots: [:], confirmations: Confirmations())
        let asking = String(decoding: try WireBody.encode(commit), as: UTF8.self)
            .replacing(#"{"batches""#, with: #"{"linkedKinds":["content/secret"],"batches""#)
        try await world.serve { caller in
            let peer = try caller.peer(key: narrow.key)
            var open = caller.open(id: transfer, scope: scope)
            open.inline = InlinePlan(destination: world.responder.identity.id, batches: [], commit: commit)
            _ = try await peer.open(open)
            let answer = try await caller.sendSigned(
                "POST", "/api/sync/v1/transfers/\(transfer)/commit", body: Array(asking.utf8), key: narrow.key)
            #expect(answer.status == 200, "\(answer.text)")
            _ = try await caller.peer().open(caller.open(id: "0190-2"))
            _ = try await caller.peer().commit(transfer: "0190-2", commit)
        }
        #expect(asking.contains("secret"))
        #expect(await world.responder.linkedKinds == [narrow.kinds, narrow.kinds, nil])
    }

    @Test func whetherAModelIsDefinedIsToldOnlyToKeysThatCoverIt() async throws {
        try await world.serve { caller in
            let peer = try caller.peer(key: narrow.key)
            var guess = caller.open(id: transfer, scope: scope)
            guess.inline = InlinePlan(
                destination: world.responder.identity.id, batches: [], commit: commit(requiring: "posts", "secret"))
            let asked = guess
            let answer = await code { try await peer.open(asked) }
            #expect(answer == .permissionDenied)
            _ = try await peer.open(caller.open(id: transfer, scope: scope))
            let refused = await code { try await peer.commit(transfer: transfer, commit(requiring: "secret")) }
            #expect(refused == .permissionDenied)
            #expect(await code { try await peer.commit(transfer: transfer, commit(requiring: "posts")) } == nil)
        }
        #expect(await world.responder.commits == 1)
    }

    @Test func whatIsMissingOutsideOfTheKeyIsNotToldAfterwardsEither() async throws {
        func link(_ kind: String) -> DanglingLink {
            DanglingLink(kind: "content/posts", id: "1", missingKind: kind, missingID: "guess")
        }
        let links = ["content/secret", "content/posts", "assets"].map(link)
        await world.responder.miss(DanglingLinks(count: 3, links: links))
        let commit = CommitTransfer(fence: 7, batches: [], expectedRoots: [:], confirmations: Confirmations())
        try await world.serve { caller in
            _ = try await caller.peer().open(caller.open(id: transfer, scope: scope))
            #expect(try await caller.peer().commit(transfer: transfer, commit).dangling?.count == 3)
            let told = try await caller.peer(key: narrow.key).state(transfer: transfer).result?.dangling
            #expect(told == DanglingLinks(count: 1, links: [links[1]]))
        }
    }

    /// What may have been meant need not be covered, and the words of a handler that failed may quote an item.
    @Test func whatIsUnknownIsToldWithoutWhatTheKeyDoesNotCover() async throws {
        await world.responder.doubt(
            UnknownName(.model, "posts", suggestion: "posts2"),
            heldBack: [
                ExcludedItem(kind: "content/posts", id: "1", isDropped: true, reason: "a draft"),
                ExcludedItem(kind: "content/posts", id: "2", isDropped: false, reason: "quoted"),
            ])
        var open = OpenTransfer(
            id: transfer, direction: .pull, initiator: World.local, scope: scope, nonce: "n")
        open.asksAboutNames = true
        try await world.serve { [open] caller in
            let narrow = try await caller.peer(key: narrow.key).open(open)
            #expect(narrow.unknown == UnknownName(.model, "posts"))
            #expect(narrow.heldBack?.map(\.reason) == ["a draft", ""])
            let whole = try await caller.peer().open(open)
            #expect(whole.unknown?.suggestion == "posts2")
        }
    }

    @Test func linksBeyondTheKeyAreRefusedWithoutNamingWhereTheyLead() async throws {
        var open = OpenTransfer(
            id: transfer, direction: .pull, initiator: World.local,
            scope: Scope(items: ["content/posts": ["1"]], itemRule: .linked), nonce: "n")
        await world.responder.link(["content/posts": ["1"], "content/secret": ["2"]])
        try await world.serve { [open] caller in
            let peer = try caller.peer(key: narrow.key)
            do {
                _ = try await peer.open(open)
                Issue.record("the links should have been refused")
            } catch let error as TidelockError {
                #expect(error.code == .permissionDenied && error.hint?.contains("--with-links") == true)
                #expect(!"\(error)".contains("secret"))
            }
        }
        open.id = "0190-2"
        await world.responder.link(["content/posts": ["1"], "models": ["posts"]])
        try await world.serve { [open] caller in
            let answer = try await caller.peer(key: narrow.key).open(open)
            #expect(answer.items?.count == 2)
        }
    }
}
