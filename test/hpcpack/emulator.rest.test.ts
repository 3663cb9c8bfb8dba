import { describe, expect, it } from 'vitest';
import { HeadNode, properties } from './support/headNode.js';

const LONG = { CommandLine: 'sleep 1000' };

describe('The emulated head node: requests', () => {
  it('wants credentials, Basic or bearer (REST specification, security)', async () => {
    await using node = await HeadNode.start();
    const none = await fetch(`${node.emulator.url}/hpc/jobs`);
    const bearer = await fetch(`${node.emulator.url}/hpc/jobs`, { headers: { authorization: 'Bearer admin-token' } });
    expect([none.status, none.headers.get('www-authenticate'), bearer.status]).toEqual([401, 'Basic realm="hpc"', 200]);
  });

  it('says every value as a string (REST specification, RestProperty)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([{ ...LONG, IsRerunnable: 'true' }]);
    expect((await node.call('GET', `/jobs/${id}/tasks/1?properties=JobTaskId,State,IsRerunnable`)).body).toEqual([
      { Name: 'JobTaskId', Value: '1' },
      { Name: 'State', Value: 'Running' },
      { Name: 'IsRerunnable', Value: 'True' },
    ]);
  });

  it('accepts property names in lower case (acceptance tests)', async () => {
    await using node = await HeadNode.start();
    const { body: id } = await node.call('POST', '/jobs', [{ name: 'name', value: 'small' }]);
    expect(await node.show(`/jobs/${String(id)}`, 'name')).toEqual({ Name: 'small' });
  });

  it('refuses a property that it does not know (SDK reference)', async () => {
    await using node = await HeadNode.start();
    const { status, body } = await node.call('POST', '/jobs', properties({ Nmae: 'x' }));
    expect({ status, body }).toEqual({
      status: 400,
      body: 'The property is not valid. Nmae is not known or cannot be set.',
    });
  });

  it('answers 200 with the id to what creates, and 204 to what changes (REST specification)', async () => {
    await using node = await HeadNode.start();
    const created = await node.call('POST', '/jobs', []);
    const added = await node.call('POST', '/jobs/1/tasks', properties(LONG));
    const submitted = await node.call('POST', '/jobs/1/submit');
    expect([created, added, submitted].map(({ status, body }) => [status, body])).toEqual([
      [200, 1],
      [200, 1],
      [204, ''],
    ]);
  });

  it('lists ten rows and says where the list goes on (x-ms-continuation-queryId)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob(Array.from({ length: 12 }, () => LONG));
    const first = await node.call('GET', `/jobs/${id}/tasks?properties=JobTaskId`);
    const queryId = first.headers.get('x-ms-continuation-queryId') ?? '';
    const second = await node.call('GET', `/jobs/${id}/tasks?queryId=${queryId}`);
    expect([(first.body as []).length, (second.body as []).length]).toEqual([10, 2]);
    expect(second.headers.get('x-ms-continuation-queryId')).toBe(null);
  });

  it('forgets where a list goes on after 60 minutes (5.3.6450), and when the service is restarted', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob(Array.from({ length: 12 }, () => LONG));
    const queryId = async (): Promise<string> =>
      (await node.call('GET', `/jobs/${id}/tasks`)).headers.get('x-ms-continuation-queryId') ?? '';
    const old = await queryId();
    node.clock.advance(61 * 60_000);
    const expired = await node.call('GET', `/jobs/${id}/tasks?queryId=${old}`);
    const young = await queryId();
    await node.emulator.goDown();
    await node.emulator.comeBack();
    const lost = await node.call('GET', `/jobs/${id}/tasks?queryId=${young}`);
    expect([expired.status, lost.status]).toEqual([400, 400]);
  });

  it('pages by startRow with the number of rows, and without a continuation (x-ms-row-count)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob(Array.from({ length: 12 }, () => LONG));
    const page = await node.call('GET', `/jobs/${id}/tasks?properties=JobTaskId&startRow=10&rowsPerRead=5`);
    expect((page.body as []).length).toBe(2);
    expect(page.headers.get('x-ms-row-count')).toBe('12');
    expect(page.headers.get('x-ms-continuation-queryId')).toBe(null);
  });

  it('filters by ChangeTimeFrom in its own date format (REST specification; dateTimeFormat)', async () => {
    await using node = await HeadNode.start();
    await node.runJob([LONG]);
    node.clock.advance(60_000);
    await node.runJob([LONG]);
    const { ChangeTime = '' } = await node.show('/jobs/2', 'ChangeTime');
    expect((await node.call('GET', '/cluster/info/dateTimeFormat')).body).toBe('M/d/yyyy h:mm:ss tt');
    expect(ChangeTime).toMatch(/^11\/14\/2023 10:14:\d\d PM$/);
    const filter = encodeURIComponent(`JobState eq Running and ChangeTimeFrom eq ${ChangeTime}`);
    expect(await node.list(`/jobs?properties=Id&$filter=${filter}`)).toEqual([{ Id: '2' }]);
    const foreign = encodeURIComponent('ChangeTimeFrom eq 2023-11-14');
    expect((await node.call('GET', `/jobs?$filter=${foreign}`)).status).toBe(400);
  });

  it('takes a whole job as XML in a JSON string (REST specification, jobFile; SDK, Job Schema)', async () => {
    await using node = await HeadNode.start();
    const xml = `<?xml version="1.0" encoding="utf-8"?>
      <Job Version="3.000" Name="a &amp; b" Priority="Highest" xmlns="http://schemas.microsoft.com/HPCS2008R2/scheduler/">
        <CustomProperties><Term><Name>k</Name><Value>v</Value></Term></CustomProperties>
        <Dependencies /><Tasks>
          <Task Name="one" CommandLine="true"><EnvironmentVariables><Variable><Name>A</Name><Value>1</Value></Variable></EnvironmentVariables></Task>
          <Task Name="two" CommandLine="sleep *" IsParametric="true" StartValue="1" EndValue="3" IncrementValue="2" DependsOn="one" />
        </Tasks></Job>`;
    expect((await node.call('POST', '/jobs/jobFile', xml)).body).toBe(1);
    expect(await node.show('/jobs/1', 'Name,Priority,State')).toEqual({
      Name: 'a & b',
      Priority: 'Highest',
      State: 'Configuring',
    });
    expect((await node.call('GET', '/jobs/1/customProperties')).body).toEqual([{ Name: 'k', Value: 'v' }]);
    expect((await node.call('GET', '/jobs/1/tasks/1/envVariables')).body).toEqual([{ Name: 'A', Value: '1' }]);
    expect(await node.show('/jobs/1/tasks/2', 'Type,StartValue,EndValue,IncrementValue,DependsOn')).toEqual({
      Type: 'ParametricSweep',
      StartValue: '1',
      EndValue: '3',
      IncrementValue: '2',
      DependsOn: 'one',
    });
  });

  it('speaks TLS with a certificate that only its own CA vouches for (samples: often self-signed)', async () => {
    const { makeCertificate } = await import('./emulator/certificate.js');
    await using node = await HeadNode.start({ certificate: makeCertificate() });
    await expect(node.call('GET', '/cluster/version')).rejects.toThrow('fetch failed');
    expect(node.emulator.url).toMatch(/^https:/);
  });
});

describe('The emulated head node: rights', () => {
  it('lets nobody but the owner and administrators see or stop a job (Stop-HpcTask; acceptance tests: 4xx)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([LONG]);
    const { status, body } = await node.call('POST', `/jobs/${id}/tasks/1/cancel`, 'no', { user: 'bob' });
    expect({ status, body }).toEqual({ status: 400, body: 'You do not have permission to do this.' });
    expect(await node.call('GET', '/jobs', undefined, { user: 'bob' })).toMatchObject({ status: 200, body: [] });
    expect((await node.call('GET', `/jobs/${id}`, undefined, { user: 'admin' })).status).toBe(200);
  });

  it('lets administrators act for others by x-ms-as-user, and others not (REST specification)', async () => {
    await using node = await HeadNode.start();
    const asAlice = { headers: { 'x-ms-as-user': 'hpc\\alice' } };
    await node.call('POST', '/jobs', [], { user: 'admin', ...asAlice });
    const asBob = { headers: { 'x-ms-as-user': 'HPC\\bob' } };
    const forbidden = await node.call('POST', '/jobs/1/submit', undefined, { user: 'admin', ...asBob });
    const misused = await node.call('POST', '/jobs', [], { user: 'bob', ...asAlice });
    expect(await node.show('/jobs/1', 'Owner')).toEqual({ Owner: 'HPC\\alice' });
    expect([forbidden.status, misused.status]).toEqual([400, 400]);
  });
});
