/// Every bound that protects one side of the protocol from the other.
public enum Limits {
    /// Request body on the wire, bytes.
    public static let requestBytes = 16 << 20
    /// Request body after decompression, bytes. An item of up to 8 MiB fits a batch of its own.
    public static let decompressedBytes = 64 << 20
    /// Response body, bytes: smaller than what a client reads without streaming.
    public static let responseBytes = 32 << 20
    /// Items a batch holds at most.
    public static let batchItems = 2_000
    /// Items that go through filter handlers together: enough to make up for waking a Lua thread, few enough that what
    /// became of them is still in the processor's caches when it is hashed and encoded.
    public static let filteredItems = 256
    /// Uncompressed bytes after which a batch is closed.
    public static let batchBytes = 4 << 20
    /// One item, bytes.
    public static let itemBytes = 16 << 20
    /// Encoded batches that travel with the open, bytes together; larger plans go their own way.
    public static let inlineBytes = 256 << 10
    /// Rows that changed since the last run, above which nobody tries to fit them into the open.
    public static let inlineItems = 500

    /// How often a plan takes in what was changed while it was made.
    public static let catchUpRounds = 3
    /// Batches under way at once.
    public static let window = 8
    /// Batches that are decoded and written at once, whoever sent them; as items they are several times larger.
    public static let stagedAtOnce = 3
    /// One file, bytes.
    public static let blobBytes: Int64 = 1 << 42
    /// Bytes of files that travel at once; what a crash costs of a large one.
    public static let blobPartBytes = 4 << 20
    /// Bytes of files that one request may bring or ask for.
    public static let largestBlobPartBytes = 8 << 20
    /// Bytes of a disk that files of others leave free, for the store to go on.
    public static let reservedDiskBytes: Int64 = 64 << 20
    /// Bytes of small files that travel together: several such requests are in memory at once, on both sides.
    public static let blobBundleBytes = 4 << 20
    /// Bytes of files that are taken in at once while they arrive.
    public static let blobPieceBytes = 2 << 20
    /// Small files that travel together.
    public static let blobParts = 256
    /// What a request says of the files of which it brings bytes, in bytes.
    public static let blobHeaderBytes = 64 << 10
    /// Parts of one large file under way at once.
    public static let blobPartsUnderWay = 2
    /// Requests with bytes of files under way at once.
    public static let blobWindow = 4
    /// Files in a page of a list.
    public static let blobPage = 1_000
    /// Rows in a page of a list.
    public static let listPage = 20_000
    /// Rows in a page of a plan.
    public static let plannedRows = 2_000
    /// Rows of a plan made before to which a pull may be limited: the source keeps them in memory while it plans.
    public static let expectedRows = 100_000
    /// Items that handlers left out of a plan and that are named to somebody else.
    public static let excludedItems = 1_000
    /// Items that are asked for at once to compare them.
    public static let outputItems = 500
    /// Bytes of items in one answer that shows them; a larger item is not shown.
    public static let outputBytes = 4 << 20
    /// Rows of a destination up to which their list costs less than to descend into digests.
    public static let rowsWithoutDigests = 512
    /// Buckets of which the rows are listed at once. Where more of them differ, the whole kind is listed.
    public static let listedBuckets = 2_000
    /// Conflicts named in a result.
    public static let listedConflicts = 1_000
    /// Breaking changes of one definition that are looked at.
    public static let schemaChanges = 500
    /// Definitions about which a destination is asked at once.
    public static let schemaDefinitions = 50
    /// Items that are looked at before the next answer, because of a changed definition.
    public static let schemaPage = 5_000
    /// Bytes that are looked at before the next answer, because of changed definitions. An item counts once for each
    /// change that it is compared with: this bounds the time that one request takes.
    public static let schemaBytes = 64 << 20
    /// Items that one answer names of each breaking change; some of them may turn out to be replaced by the run.
    public static let schemaCandidates = 100
    /// Items that a report names of each breaking change.
    public static let schemaExamples = 10
    /// Breaking changes named in a result.
    public static let listedSchemaChanges = 1_000
    /// Conflicts that wait at a destination for somebody to decide.
    public static let parkedConflicts = 10_000
    /// Seconds a lease lasts without being renewed.
    public static let leaseSeconds: Int64 = 60
    /// Seconds between renewals.
    public static let leaseRenewalSeconds: Int64 = 20
    /// Seconds that a run which was stopped waits for the other side to let it go.
    public static let farewellSeconds: Int64 = 5
    /// Seconds a token may be valid.
    public static let tokenSeconds: Int64 = 120
    /// Seconds after which an open transfer that nobody touched is forgotten.
    public static let transferSeconds: Int64 = 24 * 3_600
    /// Seconds after which handlers are given back through which items were shown to somebody who looks at a plan.
    public static let lookSeconds: Int64 = 3_600
    /// Plans of one peer that are only looked at and kept at once; older ones are forgotten.
    public static let plansOnly = 8
    /// Kinds in a scope, models in a selection.
    public static let kinds = 10_000
    /// Items that a selection names one by one, with those it follows their links to.
    public static let namedItems = 10_000
    /// Header lines of a request, bytes.
    public static let headerBytes = 32 << 10
    /// The token of a request, bytes.
    public static let tokenBytes = 4 << 10
    /// Seconds by which the clock of an initiator may be ahead.
    public static let clockTolerance: Int64 = 30
    /// The body of the documented check, bytes.
    public static let checkBytes = 4 << 10
    /// The body of a request that a script answers, bytes.
    public static let scriptedBytes = 1 << 20
    /// The file of an asset that is uploaded, or a form with several, bytes.
    public static let uploadBytes = 1 << 30
    /// Parts of a form with files.
    public static let formParts = 200
    /// What a part of a form says of itself, bytes.
    public static let formHeadBytes = 8 << 10
    /// A field of a form that is no file, bytes.
    public static let formFieldBytes = 64 << 10
    /// JSON up to this size travels as it is, bytes.
    public static let uncompressedBytes = 1 << 10
    /// Items in one answer of the content API.
    public static let contentItems = 10_000
    /// Translations of a project in one answer, bytes as they are stored.
    public static let translationBytes = 16 << 20
    /// Failed attempts from one address within a minute after which it has to wait.
    public static let failuresPerMinute = 10
    /// Callers, each with the code of its refusal, that have records of their own in the audit log within a minute.
    public static let auditedRefusals = 20
    /// The same of callers who proved to have a key, each with its request and run.
    public static let auditedRefusalsOfKnown = 200
    /// Connections that a server holds open.
    public static let connections = 1_024
    /// Seconds for which a request for long work is held before the answer is that it goes on.
    public static let patienceSeconds: Int64 = 5
    /// Seconds without a byte after which an answer is no longer waited for, unless somebody is more patient: for so long
    /// a request for long work is held, and its answer needs time to arrive.
    public static let silenceSeconds: Int64 = patienceSeconds + 2
}
