/** What a test cluster is to be like. Times are in seconds. */
export interface ClusterOptions {
  /** How many nodes, each a slurmd of its own on this machine. Default 1. */
  readonly nodes?: number;
  /** The cores that each node claims to have. Default 64. */
  readonly cpusPerNode?: number;
  /** Whether slurmdbd and MariaDB keep the accounts. Default false: a cluster without them starts ten times as fast. */
  readonly accounting?: boolean;
  /** Whether slurmctld writes a line for every job that ends (`jobcomp/filetxt`). Default true. */
  readonly jobcomp?: boolean;
  /** Slurm's `KillWait`; slurmd waits 5 s at least, whatever is said here. Default 5. */
  readonly killWait?: number;
  /** Slurm's `MinJobAge`: how long slurmctld keeps the record of a job that has ended. Default 300. */
  readonly minJobAge?: number;
  /** Slurm's `MaxArraySize`: one above the largest index of an array. Default 100001. */
  readonly maxArraySize?: number;
  /** How long a requeued job must wait: the lifetime of a job's credential, Slurm's `cred_expire`, 5 at least. Default 5. */
  readonly requeueDelay?: number;
  /**
   * How slurmstepd finds the processes of a task (Slurm's `ProctrackType`). `linuxproc`: by their parents, so that it loses those whose parent
   * was killed alone; default. `pgid`: by their process group; it then takes up to four seconds until a task that was killed has ended.
   */
  readonly proctrack?: 'linuxproc' | 'pgid';
  /** Further lines of slurm.conf. */
  readonly extraConfig?: readonly string[];
}

/** Where the parts of a cluster are. */
export interface ClusterPlaces {
  readonly folder: string;
  /** This machine's short name, and the address that it stands for: Slurm's daemons listen there and nowhere else. */
  readonly host: string;
  readonly address: string;
  readonly ports: {
    readonly slurmctld: number;
    readonly slurmdbd: number;
    readonly mariadb: number;
    readonly slurmrestd: number;
    /** One for each node. */
    readonly slurmd: readonly number[];
  };
}

/** The text of slurm.conf. */
export function slurmConfig({ folder, host, address, ports }: ClusterPlaces, options: ClusterOptions): string {
  const { nodes = 1, cpusPerNode = 64, killWait = 5, minJobAge = 300, maxArraySize = 100_001 } = options;
  const { jobcomp = true, accounting = false, requeueDelay = 5, proctrack = 'linuxproc', extraConfig = [] } = options;
  const nodeNames = nodes === 1 ? 'n1' : `n[1-${nodes}]`;
  const nodePorts = nodes === 1 ? String(ports.slurmd[0]) : `[${ports.slurmd.join(',')}]`;
  return lines(
    'ClusterName=taskgate',
    `SlurmctldHost=${host}(${address})`,
    `SlurmctldPort=${ports.slurmctld}`,
    'SlurmUser=slurm',
    'CommunicationParameters=NoCtldInAddrAny,NoInAddrAny',
    'AuthType=auth/munge',
    `AuthInfo=socket=${folder}/munge/munge.sock,cred_expire=${requeueDelay}`,
    'CredType=cred/munge',
    'AuthAltTypes=auth/jwt',
    `AuthAltParameters=jwt_key=${folder}/etc/jwt.key`,
    `StateSaveLocation=${folder}/state`,
    `SlurmctldPidFile=${folder}/pid/slurmctld.pid`,
    `SlurmdPidFile=${folder}/pid/slurmd-%n.pid`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldLogFile=${folder}/log/slurmctld.log`,
    `SlurmdLogFile=${folder}/log/slurmd-%n.log`,
    'SlurmctldDebug=info',
    'SlurmdDebug=info',
    `ProctrackType=proctrack/${proctrack}`,
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/none',
    'MpiDefault=none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU',
    'SchedulerType=sched/backfill',
    'SchedulerParameters=batch_sched_delay=0,sched_interval=5,sched_min_interval=100000,default_queue_depth=1000,bf_interval=5,bf_max_job_test=1000',
    'PriorityType=priority/basic',
    'SlurmdParameters=config_overrides',
    'ReturnToService=2',
    `MaxArraySize=${maxArraySize}`,
    'MaxJobCount=250000',
    `MinJobAge=${minJobAge}`,
    `KillWait=${killWait}`,
    'CompleteWait=0',
    'InactiveLimit=0',
    'SlurmctldTimeout=30',
    'SlurmdTimeout=60',
    'MessageTimeout=30',
    'TCPTimeout=5',
    'PropagateResourceLimits=NONE',
    `NodeName=${nodeNames} NodeHostname=${host} NodeAddr=${address} Port=${nodePorts} CPUs=${cpusPerNode} RealMemory=1000 State=UNKNOWN`,
    'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO',
    ...(jobcomp ? ['JobCompType=jobcomp/filetxt', `JobCompLoc=${folder}/jobcomp/jobcomp.log`] : []),
    ...(accounting
      ? [
          'AccountingStorageType=accounting_storage/slurmdbd',
          `AccountingStorageHost=${address}`,
          `AccountingStoragePort=${ports.slurmdbd}`,
          `AccountingStoragePass=${folder}/munge/munge.sock`,
          'AccountingStoreFlags=job_comment',
        ]
      : ['AccountingStorageType=accounting_storage/none']),
    ...extraConfig,
  );
}

/** The text of slurmdbd.conf. */
export function slurmdbdConfig({ folder, address, ports }: ClusterPlaces): string {
  return lines(
    'AuthType=auth/munge',
    `AuthInfo=socket=${folder}/munge/munge.sock`,
    'AuthAltTypes=auth/jwt',
    `AuthAltParameters=jwt_key=${folder}/etc/jwt.key`,
    'DbdHost=localhost',
    `DbdAddr=${address}`,
    `DbdPort=${ports.slurmdbd}`,
    'CommunicationParameters=NoInAddrAny',
    'SlurmUser=slurm',
    `LogFile=${folder}/log/slurmdbd.log`,
    `PidFile=${folder}/pid/slurmdbd.pid`,
    'DebugLevel=info',
    'StorageType=accounting_storage/mysql',
    'StorageHost=127.0.0.1',
    `StoragePort=${ports.mariadb}`,
    'StorageUser=slurm',
    'StoragePass=slurm',
    'StorageLoc=slurm_acct',
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
