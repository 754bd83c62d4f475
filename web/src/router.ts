import { ElMessage } from 'element-plus'
import { createRouter, createWebHistory, type Router } from 'vue-router'

import { get } from '@/api/http'
import type { Role } from '@/api/types'
import { i18n, loadLanguages } from '@/i18n'
import { startPath, useSession } from '@/session/store'

declare module 'vue-router' {
  interface RouteMeta {
    /** A key under `page` in the translations. */
    title: string
    /** Who may see it; absent: everybody, signed in or not. */
    roles?: Role[]
    /** The page like it for the others. */
    like?: string
  }
}

const LEADERS: Role[] = ['supervisor', 'admin']
const EVERYBODY: Role[] = ['agent', 'supervisor', 'admin']

export function createAppRouter(): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: '/', name: 'start', redirect: '/sign-in' },
      { path: '/sign-in', component: () => import('@/sign-in/SignInPage.vue'), meta: { title: 'signIn' } },
      { path: '/agent', component: () => import('@/agent/AgentPage.vue'), meta: { title: 'agent', roles: ['agent'] } },
      {
        path: '/agent/history',
        component: () => import('@/calls/CallsPage.vue'),
        props: { own: true },
        meta: { title: 'history', roles: ['agent'], like: '/supervisor/calls' },
      },
      { path: '/tasks', component: () => import('@/tasks/TasksPage.vue'), meta: { title: 'tasks', roles: EVERYBODY } },
      {
        path: '/supervisor',
        component: () => import('@/supervisor/SupervisorPage.vue'),
        meta: { title: 'supervisor', roles: LEADERS },
      },
      {
        path: '/supervisor/calls',
        component: () => import('@/calls/CallsPage.vue'),
        props: { own: false },
        meta: { title: 'calls', roles: LEADERS, like: '/agent/history' },
      },
      {
        path: '/announcements',
        component: () => import('@/announcements/AnnouncementsPage.vue'),
        meta: { title: 'announcements', roles: LEADERS },
      },
      { path: '/tables', component: () => import('@/reference/TablesPage.vue'), meta: { title: 'tables', roles: LEADERS } },
      {
        path: '/do-not-call',
        component: () => import('@/do-not-call/DoNotCallPage.vue'),
        meta: { title: 'doNotCall', roles: LEADERS },
      },
      { path: '/campaigns', component: () => import('@/campaigns/CampaignsPage.vue'), meta: { title: 'campaigns', roles: LEADERS } },
      { path: '/new-campaign', component: () => import('@/campaigns/NewCampaignPage.vue'), meta: { title: 'newCampaign', roles: ['admin'] } },
      {
        path: '/campaigns/:campaign(\\d+)/:tab(live|contacts|import|machines|definition)?',
        component: () => import('@/campaigns/CampaignPage.vue'),
        meta: { title: 'campaign', roles: LEADERS },
      },
      { path: '/hours', component: () => import('@/hours/HoursPage.vue'), meta: { title: 'hours', roles: LEADERS } },
      { path: '/admin/users', component: () => import('@/admin/UsersPage.vue'), meta: { title: 'users', roles: ['admin'] } },
      { path: '/admin/queues', component: () => import('@/admin/QueuesPage.vue'), meta: { title: 'queues', roles: ['admin'] } },
      { path: '/admin/devices', component: () => import('@/admin/DevicesPage.vue'), meta: { title: 'devices', roles: ['admin'] } },
      { path: '/admin/tokens', component: () => import('@/admin/TokensPage.vue'), meta: { title: 'tokens', roles: ['admin'] } },
      { path: '/flows', component: () => import('@/flows/FlowsPage.vue'), meta: { title: 'flows', roles: LEADERS } },
      { path: '/new-flow', component: () => import('@/flows/NewFlowPage.vue'), meta: { title: 'newFlow', roles: ['admin'] } },
      {
        path: '/flows/:flow/:tab(picture|versions|edit|try|results)?',
        component: () => import('@/flows/FlowPage.vue'),
        meta: { title: 'flow', roles: LEADERS },
      },
      { path: '/results', component: () => import('@/flows/FlowsPage.vue'), props: { part: 'results' }, meta: { title: 'results', roles: LEADERS } },
      { path: '/numbers', component: () => import('@/flows/NumbersPage.vue'), meta: { title: 'numbers', roles: LEADERS } },
      { path: '/ledger', component: () => import('@/ledger/LedgerPage.vue'), meta: { title: 'ledger', roles: LEADERS } },
      { path: '/prompts', component: () => import('@/prompts/PromptsPage.vue'), meta: { title: 'prompts', roles: LEADERS } },
      { path: '/status', component: () => import('@/admin/StatusPage.vue'), meta: { title: 'status', roles: LEADERS } },
      {
        path: '/:anything(.*)',
        component: () => import('@/shell/NotFoundPage.vue'),
        meta: { title: 'notFound', roles: EVERYBODY },
      },
    ],
  })

  router.beforeEach(async (to) => {
    const session = useSession()
    try {
      await session.load()
    } catch {
      // The service cannot be reached: the sign-in page says so and tries again.
      return to.path === '/sign-in' ? true : { path: '/sign-in', query: { next: to.fullPath } }
    }
    const role = session.role
    if (to.meta.roles === undefined) return role === null ? true : startPath(role)
    if (role === null) return { path: '/sign-in', query: { next: to.fullPath } }
    if (to.meta.roles.includes(role)) return true
    return to.meta.like === undefined ? startPath(role) : { path: to.meta.like, query: to.query }
  })
  router.afterEach(() => {
    const role = useSession().role
    if (role !== null) prefetch(router, role)
  })
  router.onError((_error, to) => void recover(to.fullPath))
  return router
}

let prefetched: Role | null = null

/** Loads what a person may open later while the network is there: it may be cut when he opens it. */
function prefetch(router: Router, role: Role): void {
  if (prefetched === role) return
  prefetched = role
  const loads = router
    .getRoutes()
    .filter((route) => route.meta.roles?.includes(role))
    .map((route) => route.components?.default as (() => Promise<unknown>) | object | undefined)
  const extras = [() => import('@/ui/DateTimeField.vue'), () => import('@/ui/DateRangeField.vue'), loadLanguages]
  for (const load of [...loads, ...extras]) {
    // What cannot be had now is asked for again when it is needed.
    if (typeof load === 'function') load().catch(() => undefined)
  }
}

/** A page's code could not be loaded: another version is served by now, or the network is cut. */
async function recover(path: string): Promise<void> {
  try {
    await get('/health')
    location.assign(path)
  } catch {
    ElMessage({ type: 'error', message: i18n.global.t('problem.client.not_loaded'), showClose: true })
  }
}
