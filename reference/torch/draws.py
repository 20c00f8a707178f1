"""The library's order of batches, computed from its definition: draws are
Philox4x32-10 (Salmon et al. 2011) with key = seed and counter = (index, epoch,
purpose); a permutation is a Fisher-Yates shuffle from the end."""

import statistics

MASK = 0xFFFFFFFF


def philox4x32_10(counter, key):
    for _ in range(10):
        a, b = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & MASK, (a >> 32) ^ counter[3] ^ key[1], a & MASK]
        key = [(key[0] + 0x9E3779B9) & MASK, (key[1] + 0xBB67AE85) & MASK]
    return counter


def purpose(name):
    """32-bit FNV-1a."""
    code = 0x811C9DC5
    for byte in name.encode():
        code = (code ^ byte) * 0x01000193 & MASK
    return code


def permutation(seed, purpose_name, epoch, n, index=0):
    """The order of 0..n that the library draws, from the draw with this index on."""
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        block = index >> 1
        out = philox4x32_10([block & MASK, block >> 32, epoch, purpose(purpose_name)], [seed & MASK, seed >> 32])
        bits = out[2 * (index & 1)] | out[2 * (index & 1) + 1] << 32
        j = bits * (i + 1) >> 64
        order[i], order[j] = order[j], order[i]
        index += 1
    return order


def uniforms(seed, purpose_name, epoch, index=0):
    """The stream of uniform numbers that the library draws: centres of 2^52 cells."""
    while True:
        block = index >> 1
        out = philox4x32_10([block & MASK, block >> 32, epoch, purpose(purpose_name)], [seed & MASK, seed >> 32])
        bits = out[2 * (index & 1)] | out[2 * (index & 1) + 1] << 32
        yield ((bits >> 12) + 0.5) / 2.0**52
        index += 1


def normals(seed, purpose_name, epoch, index=0):
    """The stream of standard normal numbers: one each, by inversion."""
    inverse = statistics.NormalDist().inv_cdf
    for uniform in uniforms(seed, purpose_name, epoch, index):
        yield inverse(uniform)
