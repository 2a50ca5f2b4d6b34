internal import HookHost

/// What is loaded from `hooks/`. The protocol has a type of the same name for what other instances see of it.
typealias HandlerStatus = HookStatus
