"""Time the product of a 10000x1000 and a 1000x2000 matrix on every device there is."""

import time

import weft

REPEATS = 10
FLOPS = 2 * 10000 * 1000 * 2000


def synchronize(device):
    if device.type == "cuda":
        weft.cuda.synchronize(device)


devices = [weft.device("cpu")]
if weft.cuda.is_available():
    devices += [weft.device("cuda", i) for i in range(weft.cuda.device_count())]

for device in devices:
    with device:  # tensors made in this scope live on the device
        a = weft.rand(10000, 1000)
        b = weft.rand(1000, 2000)
    a @ b  # the first call sets things up
    synchronize(device)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        a @ b
        synchronize(device)
        times.append(time.perf_counter() - start)
    seconds = sorted(times)[len(times) // 2]
    print(f"{str(device):8} {seconds * 1e3:9.2f} ms   {FLOPS / seconds / 1e9:9.1f} GFLOP/s")
