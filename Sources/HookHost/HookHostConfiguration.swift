public import ContentModel

/// Settings of the host of handlers.
public struct HookHostConfiguration: Sendable {
    /// What scripts read as `app.config`: an object.
    public var config: JSONDocument
    /// Hosts besides the targets that `app.http` may reach: `example.com`, `example.com:8080`, `*.example.com`,
    /// `10.1.2.3`, `10.0.0.0/8`. A name does not lead into the private network unless the address is listed, too.
    public var allowedHosts: [String]
    public var limits: HookLimits
    /// Machines that gates and observers have at most, each.
    public var pooledMachines = 4
    /// After so many calls a pooled machine is replaced by a fresh one.
    public var usesOfAMachine = 1_000
    /// How long to wait after a change, so that a burst of saved files is one reload.
    public var debounce: Duration = .milliseconds(30)
    /// How often the folder is compared even if the system reports no change.
    public var pollInterval: Duration = .seconds(2)
    /// Whether the system is asked to report changes. Off, the folder is as on a network share: only comparing tells.
    var usesNotices = true

    public init(
        config: JSONDocument = .emptyObject, allowedHosts: [String] = [], limits: HookLimits = HookLimits()
    ) {
        self.config = config
        self.allowedHosts = allowedHosts
        self.limits = limits
    }
}
