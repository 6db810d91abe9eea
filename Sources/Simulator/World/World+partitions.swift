import RolloutCore

// One machine is cut off from what the others reach.
extension World {
    func cutOff(_ event: WorldEvent) {
        switch event {
        case .cutOffFromGit(let place, let seconds):
            mark("A1 alone")
            cutOff(place, seconds, \.isWithoutGit, true)
        case .seesOldBranch(let place, let seconds):
            mark("A10 alone")
            cutOff(place, seconds, \.oldTip, remote.tip)
        case .cutOffFromRouter(let place, let where_, let seconds):
            mark("D1 alone")
            let (host, region) = (hosts[place % hosts.count], region(where_))
            host.change { $0.regions.insert(region) }
            later(seconds) { host.change { $0.regions.remove(region) } }
        case .cutOffFromTraffic(let place, let seconds):
            mark("C11 alone")
            cutOff(place, seconds, \.isWithoutTraffic, true)
        default: break
        }
    }

    private func cutOff<Value: Sendable>(
        _ place: Int, _ seconds: Int,
        _ part: any WritableKeyPath<ControllerHost.Partition, Value> & Sendable, _ value: Value
    ) {
        let host = hosts[place % hosts.count]
        let whole = ControllerHost.Partition()[keyPath: part]
        host.change { $0[keyPath: part] = value }
        later(seconds) { host.change { $0[keyPath: part] = whole } }
    }
}
