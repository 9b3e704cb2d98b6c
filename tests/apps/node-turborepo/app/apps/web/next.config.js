module.exports = { transpilePackages: ['@repo/ui'] }
