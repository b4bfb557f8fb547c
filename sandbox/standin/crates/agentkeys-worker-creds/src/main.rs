fn main() {
    standin::run("agentkeys-worker-creds")
}
