public import ContentModel
public import Foundation

/// The version of the protocol that this build speaks, and the oldest it still understands.
public enum ProtocolVersion {
    public static let current = 3
    public static let oldest = 3
}

/// Opens a transfer. Idempotent on `id`, which the initiator makes (UUIDv7).
public struct OpenTransfer: Codable, Sendable {
    public var id: String
    public var protocolVersion: Int
    public var direction: Direction
    public var initiator: InstanceIdentity
    public var scope: Scope
    /// Fresh random text that masks every digest of this exchange.
    public var nonce: String
    /// Push: what the initiator believes the responder holds of it, and whether it has anything new.
    public var offer: SourceOffer?
    /// Pull: what the initiator holds of the responder, as far as it knows who that is.
    public var held: DestinationState?
    /// Pull, mirror: by kind, root over what the initiator sent to the responder, masked; of kinds in which that is all
    /// that others left at the initiator. Nil where there are none. See ``SourceOffer/received``.
    public var sent: [String: String]?
    /// What the initiator remembers of transfers with the responder, as far as it knows who that is. Nothing follows
    /// from its absence.
    public var memory: TransferMemory?
    /// Push: the whole of a small plan, to be applied at once if the offer is right about what the responder holds.
    public var inline: InlinePlan?
    /// Absent in messages that want to be carried out.
    private var planOnly: Bool?

    /// Absent in messages that do not ask for items.
    private var comparing: Bool?

    /// Absent in messages that leave alone what was taken back.
    private var reverting: Bool?

    /// Absent in messages that do not ask about names.
    private var naming: Bool?

    /// The plan is only looked at: no lease, nothing is superseded, and nothing can be staged or committed.
    public var isPlanOnly: Bool {
        get { planOnly ?? false }
        set { planOnly = newValue ? true : nil }
    }

    /// A plan is looked at field by field, for which the responder shows items that are in scope: as its handlers let
    /// them out, to who may pull, whichever way the transfer goes.
    public var comparesItems: Bool {
        get { comparing ?? false }
        set { comparing = newValue ? true : nil }
    }

    /// Rows that a rollback at the destination took back are sent again. On a pull it is the responder that has to
    /// know; one that does not leaves them alone.
    public var includesReverted: Bool {
        get { reverting ?? false }
        set { reverting = newValue ? true : nil }
    }

    /// Pull: the responder says whether it knows what the selection names.
    public var asksAboutNames: Bool {
        get { naming ?? false }
        set { naming = newValue ? true : nil }
    }

    public init(
        id: String, direction: Direction, initiator: InstanceIdentity, scope: Scope, nonce: String,
        offer: SourceOffer? = nil, held: DestinationState? = nil, isPlanOnly: Bool = false
    ) {
        self.id = id
        self.protocolVersion = ProtocolVersion.current
        self.direction = direction
        self.initiator = initiator
        self.scope = scope
        self.nonce = nonce
        self.offer = offer
        self.held = held
        planOnly = isPlanOnly ? true : nil
    }
}

/// The newest transfers with another instance that one knows to have been carried out, whichever side sent; empty for
/// none.
///
/// An instance that remembers a newer one sees that the other was restored to a time before it.
public struct TransferMemory: Codable, Sendable, Hashable {
    /// The other instance.
    public var instance: String
    /// Begun by the one that remembers.
    public var own: String
    /// Begun by the other instance.
    public var others: String

    public init(instance: String, own: String, others: String) {
        self.instance = instance
        self.own = own
        self.others = others
    }
}

/// A plan that is small enough to travel with the open, made for a destination that is just as the offer says.
public struct InlinePlan: Codable, Sendable {
    /// The only instance that may apply it.
    public var destination: String
    /// In their order; JSON writes bytes in base64.
    public var payloads: [Data]
    /// Their fence is the one that the open grants.
    public var commit: CommitTransfer

    public init(destination: String, batches: [EncodedBatch], commit: CommitTransfer) {
        self.destination = destination
        payloads = batches.map { Data($0.payload) }
        self.commit = commit
    }

    /// The batches; nil when there are not as many payloads as the commit names batches.
    public var batches: [EncodedBatch]? {
        guard payloads.count == commit.batches.count else { return nil }
        return zip(commit.batches, payloads).map { EncodedBatch(info: $0, payload: Array($1)) }
    }
}

/// What a source knows before it has heard from the destination.
public struct SourceOffer: Codable, Sendable {
    /// The kinds in scope that exist at the source.
    public var kinds: [String]
    /// Root of roots over the kinds in scope of what the destination should hold, masked.
    public var root: String
    /// Nothing changed here since the checkpoints of all kinds in scope, and the handlers are the same.
    public var isQuiet: Bool
    /// Rows that a rollback took back at the destination, as far as is known here.
    public var reverted: Int
    /// Mirror: by kind, root over what the destination sent here, masked; of kinds in which none of its rows was edited
    /// here without having been sent back. Nil where there are none.
    ///
    /// A mirror does not delete rows that came from the destination itself and are still here. Where this root is that of
    /// what the destination sent, and it sent all that others left there, there are no other rows.
    public var received: [String: String]?

    public init(kinds: [String], root: String, isQuiet: Bool, reverted: Int) {
        self.kinds = kinds
        self.root = root
        self.isQuiet = isQuiet
        self.reverted = reverted
    }
}

/// The answer to an open.
public struct TransferOpened: Codable, Sendable {
    public enum Status: String, Codable, Sendable {
        /// Both sides are equal in scope; there is no transfer and no lease.
        case inSync
        case open
        /// The plan that came with the open was applied; the lease has been given back.
        case committed
        /// Pull: what is named was looked up and nothing was opened. Where something is unknown, `unknown` says so;
        /// otherwise open again with `items` and without a rule.
        case resolved
    }

    public var status: Status
    public var responder: InstanceIdentity
    public var protocolVersion: Int
    /// Push only: the lease, unless the plan is only looked at, and what the destination holds.
    public var lease: LeaseGrant?
    public var held: DestinationState?
    /// Pull, in sync: how many items the source's shadow covers.
    public var unchanged: Int
    /// Pull, in sync: items in scope that another source has taken over at the initiator, as far as the source knows; nil
    /// when there are none.
    public var leftToOthers: Int?
    /// Push: digests of batches that an interrupted transfer left here and that need not be sent again; nil for none.
    public var staged: [String]?
    /// What the commit did, where the open led to one.
    public var result: CommitResult?
    /// Pull, resolved: ids by the name of their kind.
    public var items: [String: [String]]?
    /// Pull, resolved: those of the named items that handlers keep from the initiator; nil where there are none.
    public var heldBack: [ExcludedItem]?
    /// Pull, where it was asked for: what the responder does not know of the selection. A merge is not opened then; a
    /// mirror is, because it deletes what only the initiator has.
    public var unknown: UnknownName?
    /// What the responder remembered of transfers with the initiator before this one. An initiator that has said
    /// nothing of transfers with this very instance, and remembers less, opens again and says so. Nothing follows from
    /// its absence.
    public var memory: TransferMemory?

    public init(
        status: Status, responder: InstanceIdentity, lease: LeaseGrant? = nil, held: DestinationState? = nil,
        unchanged: Int = 0, result: CommitResult? = nil, items: [String: [String]]? = nil
    ) {
        self.items = items
        self.status = status
        self.responder = responder
        self.protocolVersion = ProtocolVersion.current
        self.lease = lease
        self.held = held
        self.unchanged = unchanged
        self.result = result
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        status = try members.decode(Status.self, forKey: .status)
        responder = try members.decode(InstanceIdentity.self, forKey: .responder)
        protocolVersion = try members.decode(Int.self, forKey: .protocolVersion)
        lease = try members.decodeIfPresent(LeaseGrant.self, forKey: .lease)
        held = try members.decodeIfPresent(DestinationState.self, forKey: .held)
        unchanged = try members.count(.unchanged)
        leftToOthers = try members.countIfPresent(.leftToOthers)
        staged = try members.decodeIfPresent([String].self, forKey: .staged)
        result = try members.decodeIfPresent(CommitResult.self, forKey: .result)
        items = try members.decodeIfPresent([String: [String]].self, forKey: .items)
        heldBack = try members.decodeIfPresent([ExcludedItem].self, forKey: .heldBack)
        unknown = try members.decodeIfPresent(UnknownName.self, forKey: .unknown)
        memory = try members.decodeIfPresent(TransferMemory.self, forKey: .memory)
    }
}

/// The right to write at a destination until a moment; the fence decides, the time only saves work.
public struct LeaseGrant: Codable, Sendable, Hashable {
    public var fence: Int64
    /// Unix seconds on the destination's clock.
    public var expires: Int64

    public init(fence: Int64, expires: Int64) {
        self.fence = fence
        self.expires = expires
    }
}

/// What a destination holds in the scope of a transfer, seen by one source.
public struct DestinationState: Codable, Sendable {
    /// The source this was computed for.
    public var source: String
    public var destination: InstanceIdentity
    /// Root of roots over `kinds`, masked.
    public var root: String
    public var kinds: [KindState]

    public init(source: String, destination: InstanceIdentity, root: String, kinds: [KindState]) {
        self.source = source
        self.destination = destination
        self.root = root
        self.kinds = kinds
    }

    /// Nil when the destination has nothing of the kind.
    public func state(of kind: Kind) -> KindState? { kinds.first { $0.kind == kind.name } }
}

/// One kind of a destination, seen by one source.
public struct KindState: Codable, Sendable {
    public var kind: String
    /// Root over what this source left there, masked.
    public var root: String
    /// Rows that this source left there.
    public var held: Int
    /// Rows in scope that somebody else left there or that were made there; counted for mirrors only.
    public var foreign: Int
    /// Rows of this source that were changed there since.
    public var edited: Int
    /// Rows that a rollback took back and that a run leaves alone.
    public var reverted: Int
    /// Told to those who only look at a plan.
    public var unseen: UnseenRows?
    /// Rows in scope that are otherwise there than this source sent them because somebody or a policy decided so; nil
    /// when there are none, and where nobody counted them.
    public var decided: DecidedRows?

    public init(kind: String, root: String, held: Int, foreign: Int, edited: Int, reverted: Int) {
        self.kind = kind
        self.root = root
        self.held = held
        self.foreign = foreign
        self.edited = edited
        self.reverted = reverted
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        kind = try members.decode(String.self, forKey: .kind)
        root = try members.decode(String.self, forKey: .root)
        held = try members.count(.held)
        foreign = try members.count(.foreign)
        edited = try members.count(.edited)
        reverted = try members.count(.reverted)
        unseen = try members.decodeIfPresent(UnseenRows.self, forKey: .unseen)
        decided = try members.decodeIfPresent(DecidedRows.self, forKey: .decided)
    }
}

/// Rows of a destination in scope that no list tells their source of: it learns of them only when it meets them.
public struct UnseenRows: Codable, Sendable, Hashable {
    /// Items that the source did not leave there.
    public var others = 0
    /// Of these, those that were edited there since: a mirror that deletes such a row meets the edit.
    public var othersEdited = 0
    /// Items that are deleted there, and that others left there last: one that the source sends meets the delete.
    public var othersDeleted = 0
    /// Rows of the source that differ there from what it sent, and that were left so on purpose when it sent them: kept or
    /// merged. They are not among `KindState.edited`, and a run that sends such a row again meets what is there.
    public var kept = 0
    /// Of these, items that are deleted there: what is sent of them is no update.
    public var keptDeleted = 0

    public init() {}

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        others = try members.count(.others)
        othersEdited = try members.count(.othersEdited)
        othersDeleted = try members.count(.othersDeleted)
        kept = try members.count(.kept)
        keptDeleted = try members.count(.keptDeleted)
    }
}

/// Rows of a destination that are on purpose not as their source sent them. None is counted twice.
public struct DecidedRows: Codable, Sendable, Hashable {
    /// What the source sent waits, all of it or some of its fields, in the destination's list of conflicts.
    public var parked: Int
    /// They were kept or merged, and nobody has to decide about them any more.
    public var kept: Int

    public init(parked: Int, kept: Int) {
        self.parked = parked
        self.kept = kept
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        parked = try members.count(.parked)
        kept = try members.count(.kept)
    }
}
