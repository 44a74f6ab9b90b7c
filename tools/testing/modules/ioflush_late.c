// SPDX-License-Identifier: GPL-2.0
/*
 * Mainline's invalidations take longer, as hardware's do and an emulator's do not.
 *
 * ioflush has a parameter for that, ioflush.sync_ns=. This is the same for the
 * functions in which mainline's drivers wait: a probe at their end has the caller
 * wait on, with interrupts off, as it was before.
 *
 *   insmod ioflush_late.ko ns=1000
 *
 * The probe itself takes some hundred instructions. So a function of this module is
 * probed in the same way, and how long it is made to wait is what brings the two
 * together to ns. For a guest with one CPU, on the instruction counter: another CPU
 * may run into the probe while it is put there.
 */
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>

/* Calls that are timed together, and how often: the fastest counts */
#define LATE_CALLS	256
#define LATE_TRIES	8
/* How often the wait is corrected by what came of it */
#define LATE_STEPS	6

static unsigned int late_ns;
module_param_named(ns, late_ns, uint, 0444);
MODULE_PARM_DESC(ns, "How much longer invalidations take, in ns");

static unsigned int late_cost_ns;
module_param_named(cost_ns, late_cost_ns, uint, 0444);
MODULE_PARM_DESC(cost_ns, "What the probe alone takes, as measured");

static unsigned int late_total_ns;
module_param_named(total_ns, late_total_ns, uint, 0444);
MODULE_PARM_DESC(total_ns, "What probe and wait take, as measured");

/* What the handler waits; nothing before the probe's own cost is known */
static u64 late_wait_ns;

/* Only who waits for the commands is to wait longer. */
static int late_smmu_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
#ifdef CONFIG_ARM64
	/* int arm_smmu_cmdq_issue_cmdlist(smmu, cmdq, cmds, n, bool sync) */
	return !(u8)regs_get_kernel_argument(regs, 4);
#else
	return 0;
#endif
}

NOKPROBE_SYMBOL(late_smmu_entry);

/*
 * An interrupt meanwhile would find a probe at work, and be made to wait for
 * nothing; nor does mainline take any while it waits.
 */
static int late_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	unsigned long flags;
	u64 end_ns;

	if (!late_wait_ns)
		return 0;
	local_irq_save(flags);
	end_ns = ktime_get_mono_fast_ns() + late_wait_ns;
	while (ktime_get_mono_fast_ns() < end_ns)
		cpu_relax();
	local_irq_restore(flags);
	return 0;
}

NOKPROBE_SYMBOL(late_return);

/*
 * It calls something and has much to keep meanwhile, so that it begins as they begin,
 * and a breakpoint can become a jump.
 */
static noinline int late_reference(void *smmu, void *cmdq, void *cmds, int n,
				   bool sync)
{
	u64 ns = ktime_get_mono_fast_ns();

	return ns ^ (uintptr_t)smmu ^ (uintptr_t)cmdq ^ (uintptr_t)cmds ^ n ^ sync;
}

static struct kretprobe late_probe = {
#ifdef CONFIG_ARM64
	.kp.symbol_name = "arm_smmu_cmdq_issue_cmdlist",
	.entry_handler = late_smmu_entry,
#else
	.kp.symbol_name = "qi_submit_sync",
#endif
	.handler = late_return,
	.maxactive = 64,
};

static struct kretprobe late_reference_probe = {
	.kp.addr = (kprobe_opcode_t *)late_reference,
	.handler = late_return,
	.maxactive = 64,
};

static int late_missed_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%lu\n",
			  (unsigned long)late_probe.nmissed +
			  late_probe.kp.nmissed);
}

static const struct kernel_param_ops late_missed_ops = {
	.get = late_missed_get,
};
module_param_cb(missed, &late_missed_ops, NULL, 0444);
MODULE_PARM_DESC(missed, "Invalidations that took no longer, because the probe was busy");

/* What a call of the reference takes, but for interruptions */
static u64 late_time(void)
{
	u64 best = U64_MAX, start;
	unsigned long flags;

	for (int i = 0; i < LATE_TRIES; i++) {
		local_irq_save(flags);
		start = ktime_get_mono_fast_ns();
		for (int call = 0; call < LATE_CALLS; call++)
			late_reference(NULL, NULL, NULL, 1, true);
		best = min(best, ktime_get_mono_fast_ns() - start);
		local_irq_restore(flags);
	}
	return div_u64(best + LATE_CALLS / 2, LATE_CALLS);
}

/* The flag that says so is of a copy of the probe. */
static bool late_is_jump(const struct kretprobe *probe)
{
	return IS_ENABLED(CONFIG_X86) && *(u8 *)probe->kp.addr == 0xe9;
}

/* x86 makes its breakpoints jumps, some time after they were set. */
static int late_settle(void)
{
	for (int i = 0; IS_ENABLED(CONFIG_OPTPROBES) && i < 20; i++) {
		if (late_is_jump(&late_probe) &&
		    late_is_jump(&late_reference_probe))
			break;
		msleep(50);
	}
	if (late_is_jump(&late_probe) == late_is_jump(&late_reference_probe))
		return 0;
	pr_err("ioflush_late: the probe and the one to compare it with differ\n");
	return -EINVAL;
}

/* @base_ns: what the reference takes without a probe */
static int late_calibrate(u64 base_ns)
{
	s64 wait_ns;

	late_cost_ns = late_time() - base_ns;
	if (late_cost_ns > late_ns) {
		pr_err("ioflush_late: ns=%u cannot be had, the probe alone takes %u ns\n",
		       late_ns, late_cost_ns);
		return -ERANGE;
	}
	wait_ns = late_ns - late_cost_ns;
	for (int i = 0; i < LATE_STEPS; i++) {
		WRITE_ONCE(late_wait_ns, max(wait_ns, 1));
		late_total_ns = late_time() - base_ns;
		wait_ns += (s64)late_ns - late_total_ns;
	}
	pr_info("ioflush_late: %s takes %u ns longer, of which the probe's are %u\n",
		late_probe.kp.symbol_name, late_total_ns, late_cost_ns);
	return 0;
}

static int __init late_init(void)
{
	u64 base_ns = late_time();
	int ret;

#ifdef CONFIG_ARM64
	late_reference_probe.entry_handler = late_smmu_entry;
#endif
	ret = register_kretprobe(&late_reference_probe);
	if (ret)
		return ret;
	ret = register_kretprobe(&late_probe);
	if (ret)
		goto no_probe;
	ret = late_settle() ?: late_calibrate(base_ns);
	if (!ret)
		return 0;

	unregister_kretprobe(&late_probe);
no_probe:
	unregister_kretprobe(&late_reference_probe);
	return ret;
}
module_init(late_init);

static void __exit late_exit(void)
{
	unregister_kretprobe(&late_probe);
	unregister_kretprobe(&late_reference_probe);
}
module_exit(late_exit);

MODULE_DESCRIPTION("Makes mainline's invalidations take longer");
MODULE_LICENSE("GPL");
