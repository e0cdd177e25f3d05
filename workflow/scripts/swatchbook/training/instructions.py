"""What a CPU multiplies with: what it has, and what of that oneDNN is allowed.

oneDNN makes TensorFlow's convolutions and matrix products. Among its kernels it takes those of the
best instructions, within the limits that its environment variables set. Other kernels round
otherwise, and two CPUs of the same name need not have the same instructions.
"""

from collections.abc import Mapping

# The values of ONEDNN_MAX_CPU_ISA, each with those before it, and their synonyms:
# https://uxlfoundation.github.io/oneDNN/dev_guide_cpu_dispatcher_control.html
LEVELS = (
    *("sse41", "avx", "avx2", "avx2_vnni", "avx2_vnni_2", "avx512_core", "avx512_core_vnni"),
    *("avx512_core_bf16", "avx10_1_512", "avx10_1_512_amx", "avx10_1_512_amx_fp16"),
)
SYNONYMS = {
    "avx512_core_fp16": "avx10_1_512",
    "avx512_core_amx": "avx10_1_512_amx",
    "avx512_core_amx_fp16": "avx10_1_512_amx_fp16",
}

# Flags of a CPU, the best first, and the level that each belongs to.
FLAGS = {
    "amx_bf16": "avx10_1_512_amx",
    "avx512_bf16": "avx512_core_bf16",
    "avx512f": "avx512_core",
    "avx2": "avx2",
    "sse4_1": "sse41",
}
BFLOAT16 = ("amx_bf16", "avx512_bf16")  # those that multiply it

SWITCH = "TF_ENABLE_ONEDNN_OPTS"
LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")  # the first counts
VARIABLES = (SWITCH, *LIMITS, "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE")


def applied(flags: str, environment: Mapping[str, str]) -> str:
    """Return the best flag whose instructions oneDNN uses; empty where none is known.

    Parameters
    ----------
    flags
        The CPU's, separated by spaces.
    environment
        The environment's variables.
    """
    if environment.get(SWITCH, "1").lower() in ("0", "false"):
        return ""
    given = next((environment[name] for name in LIMITS if name in environment), "").lower()
    most = SYNONYMS.get(given, given)
    allowed = LEVELS[: LEVELS.index(most) + 1] if most in LEVELS else LEVELS
    has = set(flags.split())
    return next((flag for flag, level in FLAGS.items() if flag in has and level in allowed), "")


def limits(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are set of those that decide what oneDNN does."""
    return {name: environment[name] for name in VARIABLES if name in environment}
