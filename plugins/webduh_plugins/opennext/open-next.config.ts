// One server for pages, files and pictures. Each module is bundled into what OpenNext builds.
export default {
  default: {
    routePreloadingBehavior: 'onStart',
    override: {
      wrapper: async () => (await import('./server.mjs')).default,
      converter: 'node',
      incrementalCache: async () => (await import('./cache.mjs')).default,
      tagCache: 'fs-dev-nextMode',
      queue: async () => (await import('./queue.mjs')).default,
    },
  },
  imageOptimization: {
    override: { wrapper: 'dummy', converter: 'dummy' },
    loader: 'fs-dev',
    install: { packages: ['sharp@0.34.5'], arch: process.arch },
  },
}
